# Sourced by the other scripts: where the kit keeps its programs and its one cluster, and how to run
# something on that cluster's node. Each place can be set from outside.
kubernetes_version=1.34.4
bin="${TIDEGATE_CLUSTER_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/tidegate/kubernetes-$kubernetes_version}"
state="${TIDEGATE_CLUSTER_STATE:-/tmp/tidegate-cluster}"
namespace="${TIDEGATE_CLUSTER_NETNS:-tidegate-node}"

# on_node COMMAND...: in the node's network, as the cluster's administrator. nsenter and not
# `ip netns exec`: that one would hide /sys/fs/cgroup from the kubelet and from containerd.
on_node() {
  nsenter --net="/run/netns/$namespace" \
    env KUBECONFIG="$state/admin.conf" PATH="$bin:$PATH:/usr/sbin:/sbin" "$@"
}

# on_containerd COMMAND...: its command line, where the kubelet's images and containers are.
on_containerd() { ctr -a "$state/containerd.sock" -n k8s.io "$@"; }

# say_and_leave CODE MESSAGE
say_and_leave() {
  echo "$2" >&2
  exit "$1"
}
