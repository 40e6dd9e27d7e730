//! What it costs to judge a whole repository: 1,100 files and 1.2 MB, two clusters, from before the start of
//! `lbpools check` to after its end, warm.
//!
//! ```text
//! cargo build --release -p lbpools -p lbpools-benches && target/release/repository [--rounds N]
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

/// Directories that a Kustomization of each cluster applies.
const GROUPS: usize = 30;

/// Applications in each.
const APPS: usize = 9;

fn main() -> anyhow::Result<()> {
    let mut rounds = 41;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = arguments.next().and_then(|n| n.parse().ok()).context("--rounds wants a number")?,
            _ => anyhow::bail!("usage: repository [--rounds N]"),
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the benches are in the checkout")?;
    let tree = root.join("target/benches/repository");
    let (files, bytes) = write(&tree)?;
    let program = root.join("target/release/lbpools");
    let mut times = Vec::with_capacity(rounds);
    for round in 0..=rounds {
        let started = Instant::now();
        let status = Command::new(&program)
            .arg("check")
            .arg(&tree)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let time = started.elapsed();
        // A run that stops at a mistake is quick for the wrong reason.
        anyhow::ensure!(status.success(), "`lbpools check` ended with {status}");
        if round > 0 {
            times.push(time);
        }
    }
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() - 1) * part / 100).copied().unwrap_or_default();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!("{files} files, {bytes} bytes, {rounds} rounds, {} cores", std::thread::available_parallelism()?);
    println!(
        "lbpools check: median {:.1} ms, min {:.1}, lower and upper quarter {:.1} and {:.1}, max {:.1}",
        ms(at(50)),
        ms(at(0)),
        ms(at(25)),
        ms(at(75)),
        ms(at(100))
    );
    Ok(())
}

/// Write the repository; says how many files and bytes it has.
fn write(tree: &Path) -> anyhow::Result<(usize, usize)> {
    if tree.exists() {
        fs::remove_dir_all(tree)?;
    }
    let (mut files, mut bytes) = (0, 0);
    let mut put = |path: String, text: String| -> anyhow::Result<()> {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().context("a file is in a directory")?)?;
        files += 1;
        bytes += text.len();
        fs::write(path, text)?;
        Ok(())
    };
    for (cluster, network) in [("one", 1), ("two", 2)] {
        let entry = format!("clusters/{cluster}");
        put(format!("{entry}/flux-system/sync.yaml"), sync(&entry))?;
        put(
            format!("{entry}/settings.yaml"),
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cluster-settings\n  namespace: flux-system\n\
                 data:\n  CLUSTER: {cluster}\n  LB_START: 10.{network}.0.1\n  LB_END: 10.{network}.3.254\n"
            ),
        )?;
        put(format!("{entry}/pools.yaml"), kustomization("pools", "./infra/pools"))?;
        for group in 0..GROUPS {
            let name = format!("group-{group:02}");
            put(format!("{entry}/{name}.yaml"), kustomization(&name, &format!("./apps/{name}")))?;
        }
    }
    put(
        "infra/pools/pools.yaml".to_owned(),
        "apiVersion: cilium.io/v2alpha1\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: services\nspec:\n  blocks:\n  \
         - start: ${LB_START}\n    stop: ${LB_END}\n"
            .to_owned(),
    )?;
    for group in 0..GROUPS {
        let mut list = String::from("resources:\n");
        for app in 0..APPS {
            let name = format!("app-{group:02}-{app}");
            let _ = writeln!(list, "- {name}");
            let place = format!("apps/group-{group:02}/{name}");
            put(format!("{place}/kustomization.yaml"), "resources:\n- deployment.yaml\n- service.yaml\n".to_owned())?;
            put(format!("{place}/deployment.yaml"), deployment(&name))?;
            put(format!("{place}/service.yaml"), service(&name, app == 0))?;
            if app < 6 {
                put(format!("{place}/values.json"), format!("{{\"name\": \"{name}\", \"replicas\": 2}}\n"))?;
            }
        }
        put(format!("apps/group-{group:02}/kustomization.yaml"), list)?;
    }
    Ok((files, bytes))
}

fn sync(entry: &str) -> String {
    let source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: flux-system\n  namespace: \
                  flux-system\nspec:\n  interval: 1m\n  url: https://git.example.org/fleet\n---\n";
    let own = kustomization("flux-system", &format!("./{entry}"));
    // The entry point applies the settings and takes none.
    let own = own.split("  postBuild:").next().unwrap_or_default().to_owned();
    source.to_owned() + &own
}

fn kustomization(name: &str, path: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  namespace: \
         flux-system\nspec:\n  interval: 1h\n  path: {path}\n  prune: true\n  sourceRef:\n    kind: GitRepository\n    \
         name: flux-system\n  postBuild:\n    substituteFrom:\n    - kind: ConfigMap\n      name: cluster-settings\n"
    )
}

fn service(name: &str, load_balancer: bool) -> String {
    let kind = if load_balancer { "LoadBalancer" } else { "ClusterIP" };
    format!(
        "# what answers for {name}\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {name}\n  labels:\n    \
         app.kubernetes.io/name: {name}\n    app.kubernetes.io/part-of: shop\nspec:\n  type: {kind}\n  selector:\n    \
         app.kubernetes.io/name: {name}\n  ports:\n  - name: http\n    port: 80\n    targetPort: http\n"
    )
}

fn deployment(name: &str) -> String {
    let mut text = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  \
         name: {name}\n  namespace: {name}\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      \
         app.kubernetes.io/name: {name}\n  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: {name}\n    \
         spec:\n      containers:\n"
    );
    for container in ["web", "worker", "metrics", "proxy", "cache", "reload"] {
        let _ = write!(
            text,
            "      - name: {container}\n        image: registry.example.org/{name}/{container}:1.4.2   # moved by the release job\n        \
             ports:\n        - name: {container}\n          containerPort: 8080\n        env:\n        - name: LOG_LEVEL\n          \
             value: info\n        - name: CLUSTER\n          value: ${{CLUSTER}}\n        resources:\n          requests:\n            \
             cpu: 50m\n            memory: 64Mi\n          limits:\n            memory: 256Mi\n        readinessProbe:\n          \
             httpGet:\n            path: /ready\n            port: {container}\n"
        );
    }
    text
}
