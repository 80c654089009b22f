//! The webhook itself: its configurations, their CA certificates, its endpoints.

use std::collections::BTreeSet;

use serde_json::Value;

use super::check_id::CheckId;
use super::context::Context;
use super::objects::WebhookConfiguration;
use super::report::{Check, CheckOutcome, Checked, error, ok, warning};
use super::since::span;
use crate::escape::{Plain, Quoted, ShellWord};
use crate::registration::{Bundle, ConfigurationKind, Drift, Service};
use crate::setting::list::Truncated;
use crate::x509::not_after;

/// How long a certificate has to be valid, in seconds.
const VALID_FOR: i64 = 7 * 86_400;

type FoundConfiguration<'a> = (ConfigurationKind, &'a WebhookConfiguration);

pub(super) fn check(context: &Context<'_>) -> Result<Vec<Check>, String> {
    let id = CheckId::WebhookConfigurations;
    let mut found: Vec<FoundConfiguration<'_>> = Vec::new();
    let mut lacking = Vec::new();
    let kinds = [ConfigurationKind::Mutating, ConfigurationKind::Validating];
    for (kind, seen) in kinds.into_iter().zip(&context.observed.webhooks) {
        match seen {
            Err(unseen) => return Ok(vec![Check::new(id, Err(unseen.into()))]),
            Ok(configurations) if configurations.is_empty() => lacking.push(kind.resource().kind),
            Ok(configurations) => found.extend(configurations.iter().map(|it| (kind, it))),
        }
    }
    let install = |check: CheckOutcome| {
        check.hint("Install the webhook:").run(
            "helm upgrade --install migration-network-webhook manifests/chart -n migration-network-webhook --create-namespace",
        )
    };
    if found.is_empty() {
        if !context.observed.is_live {
            return Err("the files hold no webhook configuration".to_owned());
        }
        let absent = install(warning("the webhook is not installed: nothing checks values"));
        return Ok(vec![Check::new(id, Ok(absent))]);
    }
    let names: BTreeSet<&str> = found.iter().map(|(_, it)| it.metadata.name.as_str()).collect();
    let names: Truncated = names.into_iter().map(Plain).collect();
    let both = match &*lacking {
        [] => ok(format!("both are there: {names}")),
        lacking => install(error(format!("there is no {} beside {names}", lacking.join(", ")))),
    };
    Ok(vec![
        Check::new(id, Ok(both)),
        Check::new(CheckId::WebhookDrift, drift(&found)),
        Check::new(CheckId::WebhookCaBundle, Ok(ca_bundle(context, &found))),
        Check::new(CheckId::WebhookEndpoints, endpoints(context, &found)),
    ])
}

fn drift(found: &[FoundConfiguration<'_>]) -> Checked {
    let mut drifts = Vec::new();
    for (kind, configuration) in found {
        // Whatever Service it calls: the chart's release names it.
        let service =
            service(&configuration.webhooks).unwrap_or(Service { name: String::new(), namespace: String::new() });
        let shipped = kind.webhooks(&service).map_err(|error| error.to_string())?;
        let drift = Drift::between(&shipped, &configuration.webhooks);
        if drift.count() > 0 {
            drifts.push(format!("{} of {}: {drift}", drift.count(), Plain(&configuration.metadata.name)));
        }
    }
    if drifts.is_empty() {
        return Ok(ok("as shipped with this release"));
    }
    Ok(warning(format!("differences: {}", drifts.join("; ")))
        .hint("Apply the manifests of the release that runs, unless the changes are meant."))
}

fn entries(webhooks: &Value) -> impl Iterator<Item = &Value> {
    webhooks.as_array().into_iter().flatten()
}

/// The Service that the entries of a configuration call.
pub fn service(webhooks: &Value) -> Option<Service> {
    entries(webhooks).find_map(|entry| {
        let called = entry.pointer("/clientConfig/service")?;
        let text = |key: &str| called.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Service { name: text("name")?, namespace: text("namespace")? })
    })
}

fn ca_bundle(context: &Context<'_>, found: &[FoundConfiguration<'_>]) -> CheckOutcome {
    let now = context.observed.at.as_second();
    let mut shortest: Option<i64> = None;
    let mut broken = Truncated::default();
    for (_, configuration) in found {
        for entry in entries(&configuration.webhooks) {
            let held = entry.pointer("/clientConfig/caBundle").and_then(Value::as_str).unwrap_or_default();
            let bundle = Bundle::decode(held);
            // One that has expired does no harm beside one that is valid.
            let left = bundle.iter().filter_map(|it| not_after(it)).map(|end| end.as_second() - now).max();
            let name = entry["name"].as_str().unwrap_or_default();
            match left {
                None if held.is_empty() => broken.push(format_args!("{} has none", Plain(name))),
                None => broken.push(format_args!("that of {} holds no certificate", Plain(name))),
                Some(left) if left <= 0 => broken.push(format_args!("that of {} has expired", Plain(name))),
                Some(left) => shortest = Some(shortest.map_or(left, |shortest| shortest.min(left))),
            }
        }
    }
    let look = |check: CheckOutcome| {
        let check = check.hint("Whoever keeps it current, the server or cert-manager, says why in its log:");
        match found.iter().find_map(|(_, it)| service(&it.webhooks)) {
            Some(Service { namespace, .. }) => check.run(format_args!(
                "kubectl -n {} logs -l app.kubernetes.io/name=migration-network-webhook --tail=100",
                ShellWord(&namespace)
            )),
            None => check,
        }
    };
    match shortest {
        _ if !broken.is_empty() => look(error(format!("caBundle: {broken}"))),
        None => look(error("no entry has a caBundle")),
        Some(left) if left < VALID_FOR => look(warning(format!("valid for {} only", span(left)))),
        Some(left) => ok(format!("valid for {}", span(left))),
    }
}

fn endpoints(context: &Context<'_>, found: &[FoundConfiguration<'_>]) -> Checked {
    let Some(service) = found.iter().find_map(|(_, it)| service(&it.webhooks)) else {
        return Ok(warning("no entry calls a Service, so its endpoints are not known"));
    };
    let slices = context.observed.slices.as_ref()?;
    let conditions = slices.iter().flat_map(|slice| &slice.endpoints).map(|endpoint| &endpoint.conditions);
    let (ready, others): (Vec<_>, Vec<_>) = conditions.partition(|it| it.ready != Some(false));
    let starting = others.iter().filter(|it| it.terminating != Some(true)).count();
    let named = format!("{}/{}", Plain(&service.namespace), Plain(&service.name));
    let check = match (ready.len(), starting) {
        (0, _) => error(format!("none is ready behind the Service {}", Quoted(&named))),
        (ready, 0) => return Ok(ok(format!("{ready} ready behind {named}"))),
        (ready, starting) => warning(format!("{ready} ready behind {named}, {starting} not")),
    };
    let look = format!("kubectl -n {} get pods,endpointslices", ShellWord(&service.namespace));
    Ok(check.hint("Look at its pods:").run(look))
}
