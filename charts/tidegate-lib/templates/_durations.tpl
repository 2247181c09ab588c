{{- /*
Durations as tidegate writes them: `500ms`, `30s`, `1m30s`, `2h`. Reckoned in milliseconds.
*/ -}}

{{- /* The milliseconds of a duration. */ -}}
{{- define "tidegate.milliseconds" -}}
{{- $sizes := dict "h" 3600000 "m" 60000 "s" 1000 "ms" 1 -}}
{{- $ms := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ms|s|m|h)" . -1 -}}
{{- $unit := regexFind "[a-z]+" . -}}
{{- $ms = addf $ms (mulf (trimSuffix $unit . | float64) (get $sizes $unit)) -}}
{{- end -}}
{{- floor (addf $ms 0.5) | int64 -}}
{{- end -}}

{{- /* Milliseconds as a duration. */ -}}
{{- define "tidegate.duration" -}}
{{- $rest := int64 . -}}
{{- $text := "" -}}
{{- range list (list "h" 3600000) (list "m" 60000) (list "s" 1000) (list "ms" 1) -}}
{{- $amount := div $rest (last .) -}}
{{- if $amount -}}{{- $text = printf "%s%d%s" $text $amount (first .) -}}{{- end -}}
{{- $rest = mod $rest (last .) -}}
{{- end -}}
{{- $text | default "0s" -}}
{{- end -}}

{{- /* The grace period as a duration; a number counts seconds, as Kubernetes does. */ -}}
{{- define "tidegate.grace" -}}
{{- $text := include "tidegate.text" .gracePeriod -}}
{{- $text }}{{ if regexMatch "^[0-9]+$" $text }}s{{ end -}}
{{- end -}}

{{- define "tidegate.graceMs" -}}
{{- include "tidegate.grace" . | include "tidegate.milliseconds" -}}
{{- end -}}

{{- /* Each that is given is one that tidegate takes. */ -}}
{{- define "tidegate.checkDurations" -}}
{{- $grace := include "tidegate.grace" . -}}
{{- $graceMs := include "tidegate.graceMs" . | int64 -}}
{{- include "tidegate.checkDuration" (list "gracePeriod" $grace $graceMs 1000) -}}
{{- if mod $graceMs 1000 -}}
{{- fail (printf "tidegate: gracePeriod %s is not in whole seconds, in which Kubernetes counts it" $grace) -}}
{{- end -}}
{{- range $key := include "tidegate.durationSettings" . | fromYamlArray -}}
{{- $text := get $ $key | include "tidegate.text" -}}
{{- if and (regexMatch "^[0-9]+$" $text) (ne $text "0") -}}
{{- fail (printf "tidegate: %s %s needs a unit: ms, s, m or h, as in %ss" $key $text $text) -}}
{{- else if ne $text "" -}}
{{- $ms := include "tidegate.milliseconds" $text | int64 -}}
{{- $least := get (dict "keepAlive" 1000 "appConnectTimeout" 1) $key | default 0 -}}
{{- $mayBeNone := and (eq $ms 0) (ne $key "appConnectTimeout") -}}
{{- include "tidegate.checkDuration" (list $key $text $ms (ternary 0 $least $mayBeNone)) -}}
{{- if and (eq $key "keepAlive") (gt $ms 32767000) -}}
{{- fail (printf "tidegate: keepAlive %s is longer than 9h6m7s" $text) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* (key, text, its milliseconds, the fewest of them). */ -}}
{{- define "tidegate.checkDuration" -}}
{{- $said := printf "tidegate: %s %s" (first .) (index . 1) -}}
{{- $number := "[0-9]+(\\.[0-9]+)?" -}}
{{- $form := printf "^(0|(%sh)?(%sm)?(%ss)?([0-9]+ms)?)$" $number $number $number -}}
{{- $longest := 2147483647 -}}
{{- if not (regexMatch $form (index . 1)) -}}
{{- fail (printf "%s is not a duration like 500ms, 30s, 10m, 1m30s or 2h" $said) -}}
{{- else if lt (index . 2) (int64 (last .)) -}}
{{- fail (printf "%s is shorter than %s" $said (include "tidegate.duration" (last .))) -}}
{{- else if gt (index . 2) (int64 $longest) -}}
{{- fail (printf "%s is longer than %s" $said (include "tidegate.duration" $longest)) -}}
{{- end -}}
{{- end -}}
