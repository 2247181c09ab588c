{{- /*
The library's values, checked: what tidegate would refuse at its start is refused here, with a sentence.
*/ -}}

{{- /* As YAML, with the grace period in seconds. Under `tidegate-lib` where the dependency has no alias. */ -}}
{{- define "tidegate.values" -}}
{{- $values := index .Values "tidegate-lib" | default (index .Values "tidegate") -}}
{{- include "tidegate.checkPlace" .Values -}}
{{- if not (hasKey ($values | default dict) "gracePeriod") -}}
{{- fail "tidegate: there are no values of tidegate-lib: give your dependency on it `alias: tidegate`" -}}
{{- end -}}
{{- if $values.enabled -}}
{{- include "tidegate.checkPod" (dict "values" $values "ofApp" .Values) -}}
{{- include "tidegate.checkAddresses" $values -}}
{{- include "tidegate.checkDurations" $values -}}
{{- include "tidegate.checkBudget" $values -}}
{{- $values = merge (dict "graceSeconds" (div (include "tidegate.graceMs" $values) 1000)) $values -}}
{{- end -}}
{{- toYaml $values -}}
{{- end -}}

{{- /* Without an alias `tidegate:` is of another chart, or nobody's: what is meant for the library is told. */ -}}
{{- define "tidegate.checkPlace" -}}
{{- $own := index . "tidegate-lib" -}}
{{- $other := index . "tidegate" -}}
{{- if and $own (kindIs "map" $other) -}}
{{- range $key := keys $other | sortAlpha -}}
{{- if and (hasKey $own $key) (ne $key "global") -}}
{{- fail (printf "tidegate: tidegate.%s is not read: your dependency on tidegate-lib has no alias, so it is tidegate-lib.%s" $key $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tidegate.checkPod" -}}
{{- $values := .values -}}
{{- if or $values.hostNetwork .ofApp.hostNetwork -}}
{{- fail "tidegate: hostNetwork true is refused: pods of one node would share its ports, and all of the node could start a drain, as loopback" -}}
{{- end -}}
{{- if has $values.portName (list "app" "tidegate") -}}
{{- fail (printf "tidegate: portName %s is the name of another port: `app` is the app's own beside tidegate, `tidegate` the admin port" $values.portName) -}}
{{- end -}}
{{- range $values.extraEnv -}}
{{- if eq .name "TIDEGATE_ADMIN_TOKEN" -}}
{{- fail "tidegate: extraEnv TIDEGATE_ADMIN_TOKEN is refused: name the token's Secret in adminTokenSecret" -}}
{{- else if or (hasPrefix "TIDEGATE_" .name) (eq .name "POD_IP") -}}
{{- fail (printf "tidegate: extraEnv %s is refused: settings are values, and POD_IP is the chart's own" .name) -}}
{{- end -}}
{{- end -}}
{{- if and $values.appPreStop (eq $values.appPreStopRuns "after") (not $values.appPreStop.exec) -}}
{{- fail (printf "tidegate: appPreStop %s cannot run after the wait, only exec can: set appPreStopRuns to instead, or leave appPreStop out" (keys $values.appPreStop | first)) -}}
{{- end -}}
{{- end -}}

{{- /* tidegate must not dial itself, and its two ports are two. */ -}}
{{- define "tidegate.checkAddresses" -}}
{{- $app := include "tidegate.text" .app -}}
{{- if eq (int .listen) (int .admin) -}}
{{- fail (printf "tidegate: admin %d is the same port as that for clients, listen" (int .admin)) -}}
{{- end -}}
{{- $port := "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])" -}}
{{- $host := "([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\]):" -}}
{{- if not (regexMatch (printf "^(%s)?%s$" $host $port) $app) -}}
{{- fail (printf "tidegate: app %s is not PORT or HOST:PORT with a port from 1 to 65535" $app) -}}
{{- end -}}
{{- if not (regexMatch (printf "^(|%s%s)$" $host $port) (include "tidegate.text" .secondChance)) -}}
{{- fail (printf "tidegate: secondChance %s is not HOST:PORT with a port from 1 to 65535" .secondChance) -}}
{{- end -}}
{{- $host = regexReplaceAll ":?[0-9]+$" $app "" -}}
{{- $isOwn := regexMatch "^(|localhost|0\\.0\\.0\\.0|127(\\.[0-9]+){3}|\\[::1?\\])$" $host -}}
{{- $port = regexFind "[0-9]+$" $app | int -}}
{{- if and $isOwn (eq $port (int .listen)) -}}
{{- fail (printf "tidegate: app %s is where tidegate itself listens for clients, listen" $app) -}}
{{- else if and $isOwn (eq $port (int .admin)) -}}
{{- fail (printf "tidegate: app %s is where tidegate itself answers probes, admin" $app) -}}
{{- end -}}
{{- end -}}

{{- /* A value as a user would write it: helm has numbers as floats, and YAML 1.1 reads `off` as false. */ -}}
{{- define "tidegate.text" -}}
{{- if kindIs "float64" . -}}{{ int64 . }}
{{- else if kindIs "bool" . -}}{{ ternary "on" "off" . }}
{{- else if not (kindIs "invalid" .) -}}{{ . }}
{{- end -}}
{{- end -}}
