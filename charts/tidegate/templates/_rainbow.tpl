{{- /*
The clean-up of rainbow groups: what its objects are called, what the command is told, and what of the values
it would refuse, said before there is anything to refuse it.
*/ -}}

{{- define "tidegate-watch.rainbowName" -}}
{{ .Release.Name }}-rainbow
{{- end -}}

{{- /* Who runs it: an account that is there already, or the release's own. */ -}}
{{- define "tidegate-watch.rainbowAccount" -}}
{{ .Values.rainbow.serviceAccount | default (include "tidegate-watch.rainbowName" .) }}
{{- end -}}

{{- /* Where colours are cleaned up, as a list. */ -}}
{{- define "tidegate-watch.rainbowNamespaces" -}}
{{ .Values.rainbow.namespaces | default (list .Release.Namespace) | toYaml }}
{{- end -}}

{{- /* Of one namespace, as (root, namespace). Names of CronJobs have 52 characters at most: pods' are longer. */ -}}
{{- define "tidegate-watch.cronJobName" -}}
{{- $name := include "tidegate-watch.rainbowName" (first .) -}}
{{- if (first .).Values.rainbow.namespaces -}}
{{- $name = printf "%s-%s" $name (last .) -}}
{{- end -}}
{{- if gt (len $name) 52 -}}
{{- $name = printf "%s-%s" ($name | trunc 43 | trimSuffix "-") ($name | sha256sum | trunc 8) -}}
{{- end -}}
{{ $name }}
{{- end -}}

{{- /* What `tidegate` is told, as (values, namespace): all of it, so that no default need be known. */ -}}
{{- define "tidegate-watch.cleanUpArgs" -}}
{{- $values := first . -}}
{{- $args := list "rainbow" "cleanup" "--yes" (printf "--namespace=%s" (last .)) -}}
{{- with $values.groups }}{{ $args = append $args (printf "--selector=tidegate.dev/rainbow in (%s)" (join "," .)) }}{{ end -}}
{{- $args = append $args (printf "--keep=%d" (int $values.keep)) -}}
{{- range $key := list "minAge" "drainedFor" "deleteAfter" "maxAge" -}}
{{- $args = append $args (printf "--%s=%v" (kebabcase $key) (get $values $key)) -}}
{{- end -}}
{{- $args = append $args (printf "--lightly-used=%s" ($values.lightlyUsed | default "off")) -}}
{{- $from := ternary (printf "--prometheus=%s" $values.prometheus) (printf "--ask=%s" $values.ask) (ne $values.prometheus "") -}}
{{- $args = append $args $from -}}
{{- if ne $values.dryRun "none" }}{{ $args = append $args (printf "--dry-run=%s" $values.dryRun) }}{{ end -}}
{{- toYaml $args -}}
{{- end -}}

{{- /* Throws a sentence with key and value. YAML 1.1 reads `off` as false, and nothing else comes as a boolean. */ -}}
{{- define "tidegate-watch.checkRainbow" -}}
{{- range $key := list "minAge" "drainedFor" "deleteAfter" "maxAge" -}}
{{- include "tidegate-watch.checkDuration" (list (printf "rainbow.%s" $key) (get $ $key | toString)) -}}
{{- end -}}
{{- $lightly := .lightlyUsed | default "off" | toString -}}
{{- if ne $lightly "off" -}}
{{- if not (regexMatch "^[0-9]+(\\.[0-9]+)?%/" $lightly) -}}
{{- fail (printf "tidegate: rainbow.lightlyUsed %s is neither off nor a share of the colour's peak and a duration, as in 1%%/30m" $lightly) -}}
{{- end -}}
{{- include "tidegate-watch.checkDuration" (list "rainbow.lightlyUsed" (regexReplaceAll "^[^/]*/" $lightly "")) -}}
{{- end -}}
{{- end -}}

{{- /* (key, text): as the program reads durations. */ -}}
{{- define "tidegate-watch.checkDuration" -}}
{{- $said := printf "tidegate: %s %s" (first .) (last . | default "\"\"") -}}
{{- $number := "[0-9]+(\\.[0-9]+)?" -}}
{{- if and (regexMatch (printf "^%s$" $number) (last .)) (ne (last .) "0") -}}
{{- fail (printf "%s needs a unit: ms, s, m or h, as in %sm" $said (last .)) -}}
{{- else if or (eq (last .) "") (not (regexMatch (printf "^(0|(%sh)?(%sm)?(%ss)?([0-9]+ms)?)$" $number $number $number) (last .))) -}}
{{- fail (printf "%s is not a duration like 30s, 10m, 1h30m or 48h" $said) -}}
{{- end -}}
{{- end -}}
