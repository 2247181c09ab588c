{{- /* What the Service and the Deployment find their pods by. It stays as it is: a Deployment's selector cannot change.
   toYaml quotes a name that YAML would take for a number. */ -}}
{{- define "tidegate-example.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ toYaml .Release.Name }}
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

{{- /* The chat is in the image of tidegate. */ -}}
{{- define "tidegate-example.image" -}}
{{- .Values.app.image | default (include "tidegate.image" .Values.tidegate.image) | toYaml -}}
{{- end -}}

{{- /* The port's name that app and tidegate hand to each other, or a number. */ -}}
{{- define "tidegate-example.targetPort" -}}
{{- $name := .Values.tidegate.portName -}}
{{- $told := .Values.service.targetPort | default $name -}}
{{- if and (kindIs "string" $told) (ne $told $name) -}}
{{- fail (printf "tidegate-example: service.targetPort %s is the name of no port: that for clients has the name tidegate.portName (%s)" $told $name) -}}
{{- end -}}
{{- toYaml $told -}}
{{- end -}}
