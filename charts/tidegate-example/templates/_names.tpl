{{- /* What the Service and the Deployment find their pods by. It stays as it is: a Deployment's selector cannot change. */ -}}
{{- define "tidegate-example.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* The app's port, which tidegate has to be told as well. */ -}}
{{- define "tidegate-example.appPort" -}}
{{- $port := toString .Values.app.port -}}
{{- $told := toString .Values.tidegate.app -}}
{{- if and .Values.tidegate.enabled (ne $port (splitList ":" $told | last)) -}}
{{- fail (printf "tidegate-example: app.port %s is not where tidegate looks for the app: set tidegate.app (%s), too" $port $told) -}}
{{- end -}}
{{- $port -}}
{{- end -}}
