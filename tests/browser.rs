//! The map's page, its drawing and the report's page in a real Chromium: no network, search, keyboard, accessibility,
//! narrow windows, paper, size and speed.
//!
//! Part of `cargo xtask test --all`; needs what `cargo xtask tools` installs, and Chromium (on Debian: `apt-get install
//! chromium`). Screenshots are left in `target/screenshots`, to be looked at.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What the map of 100,000 Services may weigh in bytes, and how many milliseconds it may take to open.
const WEIGHT: u64 = 3_000_000;
const PATIENCE: u64 = 2000;

/// Draw the map of a package, beside what it was before, as a page and as a drawing.
fn map(package: &Path, before: Option<&Path>, page: &Path, drawing: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lbpools"));
    command.arg("map").arg(package).args(["--timeout", "5m"]);
    for (format, file) in [("html", page), ("svg", drawing)] {
        command.arg("--output").arg(format!("{format}={}", file.display()));
    }
    if let Some(before) = before {
        command.arg("--from").arg(before);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", package.display(), String::from_utf8_lossy(&output.stderr));
}

/// The report of a package as a page.
fn report(package: &Path, page: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lbpools"));
    command.arg("check").arg(package).arg("--output").arg(format!("html={}", page.display()));
    let output = command.output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A package of 1,000 pools with 128 addresses each, and 100,000 Services of which most pin theirs.
fn large(place: &Path) -> PathBuf {
    let package = place.join("large");
    fs::create_dir(&package).unwrap();
    let (mut pools, mut services) = (String::new(), String::new());
    let address = |number: u32| std::net::Ipv4Addr::from(0x0a00_0000 + number);
    for pool in 0..1000_u32 {
        let first = pool * 256;
        let _ = write!(
            pools,
            "---\napiVersion: cilium.io/v2alpha1\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: pool-{pool}}}\n\
             spec:\n  blocks: [{{start: {}, stop: {}}}]\n  serviceSelector: {{matchLabels: {{pool: p{pool}}}}}\n",
            address(first),
            address(first + 127)
        );
        for service in 0..100_u32 {
            let _ = write!(
                services,
                "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: service-{service}\n  namespace: team-{pool}\n  \
                 labels: {{pool: p{pool}}}\n  annotations: {{lbipam.cilium.io/ips: {}}}\nspec: {{type: LoadBalancer, \
                 ports: [{{port: 80}}]}}\n",
                address(first + service + 1)
            );
        }
    }
    fs::write(package.join("pools.yaml"), pools).unwrap();
    fs::write(package.join("services.yaml"), services).unwrap();
    package
}

/// The fleet with another pin in one cluster and a smaller pool in the other.
fn changed(place: &Path) -> PathBuf {
    let package = place.join("changed");
    copy(&root().join("examples/fleet"), &package);
    for (cluster, old, new) in [
        ("infra", "POSTGRES_LB_IP: 10.25.11.105", "POSTGRES_LB_IP: 10.25.11.108"),
        ("apps", "CILIUM_LB_POOL_START: 10.25.11.121", "CILIUM_LB_POOL_START: 10.25.11.131"),
    ] {
        let file = package.join(format!("kubernetes/clusters/{cluster}/cluster-settings.yaml"));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(old), "{}", file.display());
        fs::write(file, text.replace(old, new)).unwrap();
    }
    package
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
#[ignore = "needs Chromium: cargo xtask test --all"]
fn the_map_works_in_a_browser() {
    let outside = root().join("target/tools/outside");
    if !outside.join("node_modules/playwright-core").is_dir() {
        return say("SKIPPED no browser driver: `cargo xtask tools` installs it, with npm");
    }
    let scratch = TempDir::new().unwrap();
    let screenshots = root().join("target/screenshots");
    fs::create_dir_all(&screenshots).unwrap();
    let mut pages = Vec::new();
    let fleet = root().join("examples/fleet");
    let changed = changed(scratch.path());
    let mut page = |name: &str, package: &Path, address: Option<&str>, limit: Option<u64>| {
        let place = |what: &str| scratch.path().join(format!("{name} 50% ü.{what}"));
        let (file, drawing, told) = (place("html"), place("svg"), place("report.html"));
        let sides = name == "changed";
        map(package, sides.then_some(&fleet), &file, &drawing);
        // Of the many examples one is looked at in the dark: the colours are those of all.
        let dark = address.is_some() || name == "pools-overlap-same-cluster";
        let (as_drawn, as_told) = (format!("{name}-drawing"), format!("{name}-report"));
        pages.push(json!({
            "name": name, "file": file, "kind": "map", "dark": dark, "address": address, "limit": limit, "sides": sides,
        }));
        pages.push(json!({"name": as_drawn, "file": drawing, "kind": "drawing", "dark": dark}));
        if limit.is_none() {
            report(package, &told);
            pages.push(json!({"name": as_told, "file": told, "kind": "report", "dark": dark}));
        }
        file
    };
    page("fleet", &fleet, Some("10.25.11.105"), None);
    page("changed", &changed, Some("10.25.11.108"), None);
    for broken in fs::read_dir(root().join("examples/broken")).unwrap() {
        let broken = broken.unwrap().path();
        if broken.is_dir() {
            page(broken.file_name().unwrap().to_str().unwrap(), &broken, None, None);
        }
    }
    let file = page("large", &large(scratch.path()), Some("10.0.100.77"), Some(PATIENCE));
    let size = fs::metadata(&file).unwrap().len();
    assert!(size < WEIGHT, "the map of 100,000 Services has {size} bytes");

    let list = scratch.path().join("pages.json");
    fs::write(&list, json!({"screenshots": screenshots, "pages": pages}).to_string()).unwrap();
    let output = Command::new("node").arg(outside.join("browser.mjs")).arg(&list).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.code() == Some(3) {
        return say(said.trim());
    }
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&format!("drove {} pages", pages.len())), "{said}");
    say(said.trim());
}
