# Sourced by build and asked by tools.ts: what charts are held to, with its version, and where it is.
tools="${TIDEGATE_TEST_CHART_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/tidegate/chart-tools}"
helm3_version=v3.19.4
helm4_version=v4.3.1
kubeconform_version=v0.7.0
kubernetes_version=v1.34.4
operator_version=v0.85.0
prometheus_version="$(sed -n 's|^require github.com/prometheus/prometheus ||p' \
  "$(dirname "${BASH_SOURCE[0]}")/prometheus/go.mod")"
made_of="$(sha256sum <"$(dirname "${BASH_SOURCE[0]}")/schemas.mjs" | cut -c1-8)"
# Of a release this is the Kubernetes that it takes for granted, as build says it.
helm3="$tools/helm3-$helm3_version-${kubernetes_version%.*}"
helm4="$tools/helm4-$helm4_version"
kubeconform="$tools/kubeconform-$kubeconform_version"
prometheus="$tools/prometheus-$prometheus_version"
crds="$tools/crds-$operator_version"
schemas="$tools/schemas-$kubernetes_version-$operator_version-$made_of"
