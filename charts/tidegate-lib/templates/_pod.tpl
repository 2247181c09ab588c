{{- /*
What the pod gets beside the sidecar. Each is one line of a Deployment, and nothing while tidegate is
disabled.
*/ -}}

{{- /* For the pod's `metadata.labels`: what a PodMonitor and a NetworkPolicy select on. */ -}}
{{- define "tidegate.podLabels" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- if $values.enabled -}}
tidegate.dev/sidecar: "true"
{{- $colour := include "tidegate.text" $values.colour }}
{{- if ne $colour "" }}
tidegate.dev/colour: {{ quote $colour }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /* For the pod's `metadata.annotations`: a mesh leaves the admin port to the kubelet and to Prometheus. */ -}}
{{- define "tidegate.podAnnotations" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- if $values.enabled -}}
{{- $ports := concat (list $values.admin) ($values.skipInboundPorts | default list) | uniq | join "," -}}
{{- include "tidegate.checkAnnotations" (dict "ofApp" .Values.podAnnotations "ports" $ports) -}}
traffic.sidecar.istio.io/excludeInboundPorts: {{ quote $ports }}
config.linkerd.io/skip-inbound-ports: {{ quote $ports }}
{{- end -}}
{{- end -}}

{{- /* Of a key that is there twice Kubernetes keeps one, and says nothing; seen where most charts have them. */ -}}
{{- define "tidegate.checkAnnotations" -}}
{{- if kindIs "map" .ofApp -}}
{{- range list "traffic.sidecar.istio.io/excludeInboundPorts" "config.linkerd.io/skip-inbound-ports" -}}
{{- if hasKey $.ofApp . -}}
{{- fail (printf "tidegate: podAnnotations %s %v would be there twice, as tidegate's line has it (%s), too: give its ports to skipInboundPorts instead" . (get $.ofApp .) $.ports) -}}
{{- end -}}
{{- end -}}
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
