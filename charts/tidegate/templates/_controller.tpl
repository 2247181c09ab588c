{{- /*
`tidegate controller`: what its objects are called, what the program is told, and what of the values it would
refuse, said before there is anything to refuse it.
*/ -}}

{{- define "tidegate-watch.controllerName" -}}
{{ .Release.Name }}-controller
{{- end -}}

{{- /* By these its pods are found; a Deployment can never have others. */ -}}
{{- define "tidegate-watch.controllerSelector" -}}
app.kubernetes.io/name: tidegate
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "tidegate-watch.controllerLabels" -}}
{{ include "tidegate-watch.labels" . }}
app.kubernetes.io/component: controller
{{- end -}}

{{- /* Who runs it: an account that is there already, or the release's own. */ -}}
{{- define "tidegate-watch.controllerAccount" -}}
{{ .Values.controller.serviceAccount | default (include "tidegate-watch.controllerName" .) }}
{{- end -}}

{{- /* Where it watches, as a list; an empty text in it stands for the whole cluster. */ -}}
{{- define "tidegate-watch.controllerNamespaces" -}}
{{- if has "*" .Values.controller.namespaces -}}
{{ list "" | toYaml }}
{{- else -}}
{{ .Values.controller.namespaces | default (list .Release.Namespace) | toYaml }}
{{- end -}}
{{- end -}}

{{- /* Of the rights in one namespace, or in all: names of the latter are the whole cluster's. */ -}}
{{- define "tidegate-watch.controllerRole" -}}
{{- $name := include "tidegate-watch.controllerName" . -}}
{{ has "*" .Values.controller.namespaces | ternary (printf "%s-%s" .Release.Namespace $name) $name }}
{{- end -}}

{{- /* What `tidegate` is told: all of it, so that no default need be known. */ -}}
{{- define "tidegate-watch.controllerArgs" -}}
{{- $values := .Values.controller -}}
{{- $namespaces := $values.namespaces | default (list .Release.Namespace) -}}
{{- $args := list "controller" (printf "--namespaces=%s" (join "," $namespaces)) -}}
{{- $args = append $args (printf "--admin=%d" (int $values.adminPort)) -}}
{{- $args = append $args (printf "--lease=%s" (include "tidegate-watch.controllerName" .)) -}}
{{- range $key := list "marks" "deletionCost" "dryRun" -}}
{{- $args = append $args (printf "--%s=%s" (kebabcase $key) (ternary "on" "off" (get $values $key))) -}}
{{- end -}}
{{- range $key := list "safeToEvict" "lookEvery" -}}
{{- $args = append $args (printf "--%s=%s" (kebabcase $key) (get $values $key | include "tidegate-watch.text")) -}}
{{- end -}}
{{- $args = append $args (printf "--rainbow=%s" (ternary "on" "off" $values.rainbow.enabled)) -}}
{{- if $values.rainbow.enabled -}}
{{- $args = append $args (printf "--rainbow-every=%s" (include "tidegate-watch.text" $values.rainbow.every)) -}}
{{- with $values.rainbow.groups }}{{ $args = append $args (printf "--groups=%s" (join "," .)) }}{{ end -}}
{{- range $key := list "keep" "minAge" "drainedFor" "deleteAfter" "maxAge" "lightlyUsed" -}}
{{- $args = append $args (printf "--%s=%s" (kebabcase $key) (get $values.rainbow $key | include "tidegate-watch.text")) -}}
{{- end -}}
{{- end -}}
{{- if $values.prometheus -}}
{{- $args = append $args (printf "--prometheus=%s" $values.prometheus) -}}
{{- else -}}
{{- $args = append $args (printf "--ask=%s" $values.ask) -}}
{{- with $values.podAdmin }}{{ $args = append $args (printf "--pod-admin=%d" (int .)) }}{{ end -}}
{{- end -}}
{{- $args = append $args (printf "--log-level=%s" $values.logLevel) -}}
{{- toYaml $args -}}
{{- end -}}

{{- /*
Throws a sentence with the key that has no value. helm upgrade --reuse-values takes the values of the chart before,
which has none of what has come since: so the schema lets them be missing.
*/ -}}
{{- define "tidegate-watch.checkWhole" -}}
{{- $values := .Values.controller -}}
{{- $keys := list "replicas" "namespaces" "marks" "deletionCost" "safeToEvict" "lookEvery" "rainbow" "dryRun" "ask" "prometheus" "podAdmin" -}}
{{- $keys = concat $keys (list "logLevel" "adminPort" "image" "imagePullSecrets" "serviceAccount" "resources" "priorityClassName") -}}
{{- $keys = concat $keys (list "podLabels" "podAnnotations" "nodeSelector" "tolerations") -}}
{{- range $key := list "enabled" "every" "groups" "keep" "minAge" "drainedFor" "deleteAfter" "maxAge" "lightlyUsed" -}}
{{- $keys = append $keys (printf "rainbow.%s" $key) -}}
{{- end -}}
{{- range $key := list "repository" "tag" "digest" "pullPolicy" -}}
{{- $keys = append $keys (printf "image.%s" $key) -}}
{{- end -}}
{{- range $path := $keys -}}
{{- $at := $values -}}
{{- range splitList "." $path -}}
{{- if not (hasKey $at .) -}}
{{- fail (printf "tidegate: controller.%s has no value: with --reuse-values a release keeps the values of a chart without it; --reset-then-reuse-values has the defaults, too" $path) -}}
{{- end -}}
{{- $at = get $at . -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Throws a sentence with key and value. */ -}}
{{- define "tidegate-watch.checkController" -}}
{{- include "tidegate-watch.checkWhole" . -}}
{{- $values := .Values.controller -}}
{{- if and .Values.rainbow.enabled $values.rainbow.enabled -}}
{{- fail "tidegate: rainbow.enabled and controller.rainbow.enabled would both clean up old colours: let one of them do it" -}}
{{- end -}}
{{- if and (has "*" $values.namespaces) (gt (len $values.namespaces) 1) -}}
{{- fail (printf "tidegate: controller.namespaces %s has names beside *, which stands for all" (join "," $values.namespaces)) -}}
{{- end -}}
{{- range $key, $value := dict "lookEvery" $values.lookEvery "rainbow.every" $values.rainbow.every -}}
{{- $text := include "tidegate-watch.text" $value -}}
{{- $said := printf "tidegate: controller.%s %s" $key ($text | default "\"\"") -}}
{{- include "tidegate-watch.checkDuration" (list $said $text) -}}
{{- if lt (include "tidegate-watch.seconds" $text | float64) 5.0 -}}
{{- fail (printf "%s is less than 5s" $said) -}}
{{- else if gt (include "tidegate-watch.seconds" $text | float64) 2147483.647 -}}
{{- fail (printf "%s is longer than a timer can be: 596h31m23s647ms" $said) -}}
{{- end -}}
{{- end -}}
{{- if and $values.prometheus $values.podAdmin -}}
{{- fail (printf "tidegate: controller.podAdmin %d is given beside controller.prometheus, with which no pod is asked" (int $values.podAdmin)) -}}
{{- end -}}
{{- include "tidegate-watch.checkRainbow" (list "controller.rainbow" $values.rainbow) -}}
{{- end -}}
