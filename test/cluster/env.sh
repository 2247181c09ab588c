# Sourced by the other scripts: where the kit keeps its programs and its one cluster, and how to run
# something on that cluster's node. Each place can be set from outside.
kubernetes_version=1.34.4
kit="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# Programs are kept by what they are made of.
made_of="$(cat "$kit"/{kubernetes,etcd}/go.{mod,sum} "$kit/pause/main.go" | sha256sum | cut -c1-8)"
bin="${TIDEGATE_TEST_CLUSTER_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/tidegate/kubernetes-$kubernetes_version-$made_of}"
state="${TIDEGATE_TEST_CLUSTER_STATE:-/tmp/tidegate-cluster}"
namespace="${TIDEGATE_TEST_CLUSTER_NETNS:-tidegate-node}"
open_files_max=20000

# on_node COMMAND...: in the node's network, as the cluster's administrator. nsenter and not
# `ip netns exec`: that one would hide /sys/fs/cgroup from the kubelet and from containerd.
on_node() {
  nsenter --net="/run/netns/$namespace" \
    env KUBECONFIG="$state/admin.conf" PATH="$bin:$PATH:/usr/sbin:/sbin" "$@"
}

# on_containerd COMMAND...: its command line, where the kubelet's images and containers are.
on_containerd() { ctr -a "$state/containerd.sock" -n k8s.io "$@"; }

# pid_of NAME: of a program that this cluster has started and that still runs on its node. A pid alone
# may be somebody else's by now.
pid_of() {
  local pid
  pid="$(cat "$state/pids/$1" 2>/dev/null)" || return
  [ "$(PATH="$PATH:/sbin" ip netns identify "$pid" 2>/dev/null)" = "$namespace" ] && echo "$pid"
}

# started_again NAME SIGNAL SECONDS: ends that program of the cluster and starts it as it was, after so long.
started_again() {
  local pid command
  pid="$(pid_of "$1")" || say_and_leave 1 "no $1 runs: run test/cluster/up first"
  mapfile -d '' -t command <"/proc/$pid/cmdline"
  kill "-$2" "$pid"
  for _ in $(seq 300); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -0 "$pid" 2>/dev/null && say_and_leave 1 "the $1 does not end"
  sleep "$3"
  cd "$state"
  setsid nsenter --net="/run/netns/$namespace" "${command[@]}" >>"log/$1.log" 2>&1 </dev/null &
  echo $! >"pids/$1"
}

# say_and_leave CODE MESSAGE
say_and_leave() {
  echo "$2" >&2
  exit "$1"
}
