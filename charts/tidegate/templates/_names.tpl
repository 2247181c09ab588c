{{- /* Labels of everything of this release. */ -}}
{{- define "tidegate-watch.labels" -}}
app.kubernetes.io/name: tidegate
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* What is rendered, in words, for NOTES.txt. */ -}}
{{- define "tidegate-watch.parts" -}}
{{- $parts := list -}}
{{- if .Values.podMonitor.enabled }}{{ $parts = append $parts "a PodMonitor" }}{{ end -}}
{{- if .Values.prometheusRule.enabled }}{{ $parts = append $parts "alerts" }}{{ end -}}
{{- if .Values.dashboard.enabled }}{{ $parts = append $parts "a dashboard" }}{{ end -}}
{{- if .Values.networkPolicy.enabled }}{{ $parts = append $parts "a network policy" }}{{ end -}}
{{- if .Values.rainbow.enabled }}{{ $parts = append $parts "a clean-up of old colours" }}{{ end -}}
{{- if (.Values.controller).enabled }}{{ $parts = append $parts "a controller" }}{{ end -}}
{{- $parts | join ", " | default "nothing: every part of it is off" -}}
{{- end -}}

{{- /* An image by its tag, or by its digest where there is one. */ -}}
{{- define "tidegate-watch.image" -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end -}}

{{- /* The alerts that are on, with a space between them. */ -}}
{{- define "tidegate-watch.alertNames" -}}
{{- $names := list -}}
{{- range $key, $alert := .Values.prometheusRule.alerts -}}
{{- $isOfController := $.Files.Get (printf "rules/controller/%s.yaml" $key) -}}
{{- if and $alert.enabled (or ($.Values.controller).enabled (not $isOfController)) -}}
{{- $names = append $names (printf "Tidegate%s" (title $key)) -}}
{{- end -}}
{{- end -}}
{{ $names | join " " | quote }}
{{- end -}}
