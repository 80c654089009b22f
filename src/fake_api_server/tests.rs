//! What the others rely on.

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::PostParams;

use super::*;

#[tokio::test]
async fn an_update_needs_the_newest_version() {
    let server = FakeApiServer::new();
    let path = "/api/v1/namespaces/here/secrets/ca";
    let secrets: Api<Secret> = Api::namespaced(server.client(), "here");
    let named = json!({"metadata": {"name": "ca", "namespace": "here"}});
    let create: Secret = serde_json::from_value(named.clone()).unwrap();
    let secret = secrets.create(&PostParams::default(), &create).await.unwrap();
    secrets.replace("ca", &PostParams::default(), &secret).await.unwrap();
    let stale = secrets.replace("ca", &PostParams::default(), &secret).await.unwrap_err();
    assert!(matches!(stale, kube::Error::Api(status) if status.is_conflict()));

    server.put_before("get", path, named);
    assert_eq!(secrets.get("ca").await.unwrap().metadata.resource_version.as_deref(), Some("3"));
    assert_eq!(server.object(path).unwrap()["metadata"]["uid"], "uid-3");
    server.remove_before("get", path);
    assert!(secrets.get_opt("ca").await.unwrap().is_none());
    assert_eq!(server.count("update"), 2);
}
