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
{{- range $key := list "minAge" "drainedFor" "deleteAfter" "maxAge" "lightlyUsed" -}}
{{- $args = append $args (printf "--%s=%s" (kebabcase $key) (get $values $key | include "tidegate-watch.text")) -}}
{{- end -}}
{{- $from := ternary (printf "--prometheus=%s" $values.prometheus) (printf "--ask=%s" $values.ask) (ne $values.prometheus "") -}}
{{- $args = append $args $from -}}
{{- if ne $values.dryRun "none" }}{{ $args = append $args (printf "--dry-run=%s" $values.dryRun) }}{{ end -}}
{{- toYaml $args -}}
{{- end -}}

{{- /* (where these values are, values): throws a sentence with key and value. */ -}}
{{- define "tidegate-watch.checkRainbow" -}}
{{- $at := first . -}}
{{- $values := last . -}}
{{- range $key := list "minAge" "drainedFor" "deleteAfter" "maxAge" "lightlyUsed" -}}
{{- $text := get $values $key | include "tidegate-watch.text" -}}
{{- $said := printf "tidegate: %s.%s %s" $at $key ($text | default "\"\"") -}}
{{- if not (and (eq $text "off") (has $key (list "maxAge" "lightlyUsed"))) -}}
{{- if eq $key "lightlyUsed" -}}
{{- if not (regexMatch "^[0-9]+(\\.[0-9]+)?%/[^/]*$" $text) -}}
{{- fail (printf "%s is not a share and a duration like 1%%/30m, or off" $said) -}}
{{- else if gt (regexFind "^[^%]+" $text | float64) 100.0 -}}
{{- fail (printf "%s is more than 100%%" $said) -}}
{{- end -}}
{{- end -}}
{{- include "tidegate-watch.checkDuration" (list $said (regexReplaceAll "^.*/" $text "")) -}}
{{- end -}}
{{- end -}}
{{- $minAge := include "tidegate-watch.text" $values.minAge -}}
{{- $maxAge := include "tidegate-watch.text" $values.maxAge -}}
{{- if and (ne $maxAge "off") (lt (include "tidegate-watch.seconds" $maxAge | float64) (include "tidegate-watch.seconds" $minAge | float64)) -}}
{{- fail (printf "tidegate: %s.maxAge %s is less than %s.minAge %s, before which nothing is done" $at $maxAge $at $minAge) -}}
{{- end -}}
{{- end -}}

{{- /* (what to say of it, text): as the program reads durations. */ -}}
{{- define "tidegate-watch.checkDuration" -}}
{{- $number := "[0-9]+(\\.[0-9]+)?" -}}
{{- $form := printf "^(0|(%sh)?(%sm)?(%ss)?([0-9]+ms)?)$" $number $number $number -}}
{{- if and (regexMatch (printf "^%s$" $number) (last .)) (ne (last .) "0") -}}
{{- fail (printf "%s needs a unit: ms, s, m or h, as in %sm" (first .) (last .)) -}}
{{- else if or (eq (last .) "") (not (regexMatch $form (last .))) -}}
{{- fail (printf "%s is not a duration like 30s, 10m, 1h30m or 48h" (first .)) -}}
{{- else if gt (include "tidegate-watch.seconds" (last .) | float64) 315360000.0 -}}
{{- fail (printf "%s is longer than ten years" (first .)) -}}
{{- end -}}
{{- end -}}

{{- /* The seconds of a duration; of Prometheus', too, which have days. */ -}}
{{- define "tidegate-watch.seconds" -}}
{{- $sizes := dict "y" 31536000 "w" 604800 "d" 86400 "h" 3600 "m" 60 "s" 1 "ms" 0.001 -}}
{{- $seconds := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ms|[smhdwy])" . -1 -}}
{{- $unit := regexFind "[a-z]+" . -}}
{{- $seconds = addf $seconds (mulf (trimSuffix $unit . | float64) (get $sizes $unit)) -}}
{{- end -}}
{{- printf "%f" $seconds -}}
{{- end -}}

{{- /* A value as a user would write it: helm has numbers as floats, and YAML 1.1 reads `off` as false. */ -}}
{{- define "tidegate-watch.text" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else if eq (toString .) "false" }}off{{ else }}{{ . }}{{ end -}}
{{- end -}}
