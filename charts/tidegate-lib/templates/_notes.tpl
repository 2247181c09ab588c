{{- /*
For the NOTES.txt of a chart that has tidegate: warnings about what is allowed, and yet cuts pods before
they are drained. Empty if there is none.
*/ -}}
{{- define "tidegate.notes" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- if $values.enabled -}}
{{- $seconds := int $values.graceSeconds -}}
{{- if gt $seconds 600 -}}
Warning: gracePeriod is {{ include "tidegate.grace" $values }}. A cluster autoscaler that takes a node away waits for its pods for 600s
(--max-graceful-termination-sec, unless it is set) and kills those that are left.
{{- end -}}
{{- if gt $seconds 3600 }}
Above 3600s: upgrades of managed nodes wait for an hour at most. Pods that drain for
hours pile up with every rollout, each with its memory and its address.
{{- end -}}
{{- if ne (int $values.admin) 9180 }}
Warning: the admin port is {{ int $values.admin }}. The NetworkPolicy of the chart tidegate closes 9180, unless its networkPolicy.adminPort says so, too.
{{- end -}}
{{- if semverCompare "<1.32-0" .Capabilities.KubeVersion.Version }}
Warning: Kubernetes {{ .Capabilities.KubeVersion.Version }} does not find a native sidecar's port by its name. With tidegate.initContainer the Service
needs the number, targetPort: {{ int $values.listen }}.
{{- end -}}
{{- end -}}
{{- end -}}
