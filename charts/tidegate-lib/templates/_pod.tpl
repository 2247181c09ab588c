{{- /*
What the pod gets beside the sidecar. Each is one line of a Deployment, and nothing while tidegate is
disabled.
*/ -}}

{{- /* For the pod's `metadata.labels`: what a PodMonitor and a NetworkPolicy select on. */ -}}
{{- define "tidegate.podLabels" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- if $values.enabled -}}
tidegate.dev/sidecar: "true"
{{- with $values.colour }}
tidegate.dev/colour: {{ quote . }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /* For the pod's `metadata.annotations`: a mesh leaves the admin port to the kubelet and to Prometheus. */ -}}
{{- define "tidegate.podAnnotations" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- if $values.enabled -}}
traffic.sidecar.istio.io/excludeInboundPorts: {{ int $values.admin | quote }}
config.linkerd.io/skip-inbound-ports: {{ int $values.admin | quote }}
{{- end -}}
{{- end -}}

{{- /* The one grace period, for `spec.terminationGracePeriodSeconds`. */ -}}
{{- define "tidegate.terminationGracePeriodSeconds" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- if $values.enabled -}}{{ int $values.graceSeconds }}{{- end -}}
{{- end -}}

{{- /* For `volumes`: the pod's own annotations, which the kubelet keeps up to date. */ -}}
{{- define "tidegate.volumes" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- if and $values.enabled $values.podInfo -}}
- name: tidegate-pod-info
  downwardAPI:
    items: [{ path: annotations, fieldRef: { fieldPath: metadata.annotations } }]
{{- end -}}
{{- end -}}
