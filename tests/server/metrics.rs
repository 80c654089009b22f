//! What is counted.

use migration_network_webhook::server::Limits;

use crate::reviews;
use crate::served::Served;

#[tokio::test]
async fn decisions_are_counted_by_what_they_were() {
    let served = Served::start(Limits::default()).await;
    let mut client = served.client().await;
    for (path, review, times) in [
        ("/mutate", "canon-docs-value", 3),
        ("/validate", "canon-already", 2),
        ("/mutate", "cn-number", 1),
        ("/mutate", "equal-exclude-order", 1),
    ] {
        for _ in 0..times {
            let review = reviews::corpus::text(&format!("reviews/{review}.json"));
            assert_eq!(client.post(path, review).await.unwrap().status, 200);
        }
    }
    let (status, page) = served.page("/metrics").await;
    assert_eq!(status, 200);
    assert!(page.ends_with("# EOF\n"));
    for line in [
        r#"migration_network_webhook_decisions_total{phase="mutate",operation="UPDATE",verdict="allowed"} 4"#,
        r#"migration_network_webhook_decisions_total{phase="mutate",operation="UPDATE",verdict="refused"} 1"#,
        r#"migration_network_webhook_decisions_total{phase="validate",operation="UPDATE",verdict="allowed"} 2"#,
        r#"migration_network_webhook_decisions_total{phase="validate",operation="DELETE",verdict="refused"} 0"#,
        r#"migration_network_webhook_refusals_total{rule="value-syntax"} 1"#,
        r#"migration_network_webhook_refusals_total{rule="vlan-exclusive"} 0"#,
        r#"migration_network_webhook_mutations_total{outcome="rewritten"} 3"#,
        r#"migration_network_webhook_mutations_total{outcome="restored"} 1"#,
        r#"migration_network_webhook_mutations_total{outcome="kept"} 0"#,
        r#"migration_network_webhook_connections_open{listener="webhook"} 1"#,
        r#"migration_network_webhook_connections_accepted_total{listener="webhook"} 1"#,
        r#"migration_network_webhook_fact_missing{resource="nodes"} 0"#,
        "migration_network_webhook_view_listed 1",
        "migration_network_webhook_view_troubles 0",
        "migration_network_webhook_certificate_reload_failures_total 0",
        r#"controller_runtime_webhook_requests_total{webhook="/mutate",code="200"} 5"#,
        r#"controller_runtime_webhook_requests_total{webhook="/validate",code="200"} 2"#,
        r#"controller_runtime_webhook_requests_in_flight{webhook="/mutate"} 0"#,
        r#"controller_runtime_webhook_latency_seconds_count{webhook="/mutate"} 5"#,
        r#"controller_runtime_webhook_latency_seconds_bucket{le="30.0",webhook="/mutate"} 5"#,
        r#"controller_runtime_webhook_latency_seconds_bucket{le="+Inf",webhook="/mutate"} 5"#,
        "controller_runtime_webhook_panics_total 0",
    ] {
        assert!(page.lines().any(|it| it == line), "{line} is not in\n{page}");
    }
    let version = format!("migration_network_webhook_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
    assert!(page.contains(&version));
}
