//! The address map as a drawing, with its legend and what it comes to.

use std::net::Ipv4Addr;

use super::{definitions, list, name, text};
use crate::plan::AddressPlan;
use crate::pool::{AddressMap, AddressUse};

/// The cells of the drawing, by row.
const COLUMNS: u64 = 32;
const CELLS: u64 = 8 * COLUMNS;
const SIDE: u64 = 10;

pub(super) fn addresses(plan: &AddressPlan) -> String {
    let legend = plan.uses.iter().map(|it| {
        let owners = it.owners.as_ref().map(|owners| format!(": {}", text(owners))).unwrap_or_default();
        format!("{} {} {}{owners}", key(it.r#use), it.count, it.r#use)
    });
    let legend = list(legend).replacen("<ul>", "<ul class=\"legend\">", 1);
    let seen = |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), |number| number.to_string());
    let usable = match plan.usable_ends {
        Some((first, last)) => format!("{}, from {first} to {last}", plan.usable),
        None => "none".to_owned(),
    };
    let figures = definitions(&[
        ("Range", format!("<code>{}</code>", text(&plan.range))),
        ("Usable", usable),
        ("Needed", format!("{}, one for each node but the witnesses", seen(plan.needed))),
        ("Not for virt-handler", format!("{}: of nodes, other networks and other pods", plan.lost)),
        ("Spare", seen(plan.spare)),
        ("Can grow to", format!("{} nodes", plan.nodes_at_most)),
    ]);
    format!("{}{legend}{figures}", drawing(&plan.map))
}

fn key(usage: AddressUse) -> String {
    format!(
        "<svg class=\"key\" viewBox=\"0 0 9 9\" aria-hidden=\"true\"><rect class=\"{}\" width=\"9\" height=\"9\"/></svg>",
        name(usage)
    )
}

fn drawing(map: &AddressMap) -> String {
    let (net, cells) = (map.net, map.cells(CELLS));
    let count = cells.len() as u64;
    let size = (1_u64 << (32 - net.prefix_len())) / count.max(1);
    let rows = count.div_ceil(COLUMNS);
    let (width, height) = (COLUMNS.min(count) * SIDE, rows * SIDE);
    // A small range is not blown up: its cells are as large as those of others.
    let wide = format!("max-width: {}%", (100 * COLUMNS.min(count) / COLUMNS).max(10));
    let address = |at: u64| Ipv4Addr::from(u32::try_from(at).unwrap_or(u32::MAX));
    let cells = (0..).zip(cells).map(|(at, usage)| {
        let (x, y) = (at % COLUMNS * SIDE, at / COLUMNS * SIDE);
        let first = u64::from(u32::from(net.network())) + at * size;
        let addresses = match size {
            1 => address(first).to_string(),
            _ => format!("{} to {}", address(first), address(first + size - 1)),
        };
        let class = name(usage);
        format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"9\" height=\"9\"><title>{addresses}: {usage}</title></rect>\n"
        )
    });
    let cells: String = cells.collect();
    let each = if size == 1 { "an address".to_owned() } else { format!("{size} addresses") };
    format!(
        "<svg class=\"map\" style=\"{wide}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"the addresses of {net} by their use\">\n\
         {cells}</svg>\n\
         <p class=\"ends\"><span>{}</span><span>each cell is {each}</span><span>{}</span></p>\n",
        net.network(),
        net.broadcast()
    )
}
