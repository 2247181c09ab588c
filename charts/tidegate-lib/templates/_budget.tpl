{{- /*
How the grace period is divided, by the rules that tidegate has itself: what is not given takes its share
at most, what is given and cannot hold fails the render.
*/ -}}

{{- define "tidegate.checkBudget" -}}
{{- $graceMs := include "tidegate.graceMs" . | int64 -}}
{{- $shutdownMs := include "tidegate.share" (list .appShutdown 20000 (div $graceMs 6)) | int64 -}}
{{- $marginMs := include "tidegate.share" (list .margin 3000 (div $graceMs 10)) | int64 -}}
{{- $deadlineMs := sub $graceMs (add $shutdownMs $marginMs) -}}
{{- if le $deadlineMs 0 -}}
{{- include "tidegate.noTimeLeft" (dict "values" . "parts" (list $graceMs $shutdownMs $marginMs)) -}}
{{- end -}}
{{- $fifthMs := div $deadlineMs 5 -}}
{{- $settleMaxMs := include "tidegate.share" (list .settleMax 30000 $fifthMs) | int64 -}}
{{- $budget := include "tidegate.duration" $deadlineMs -}}
{{- $limits := list
  (list "settleMax" $fifthMs (printf "20 %% of the budget of %s" $budget))
  (list "closeWindow" (div $deadlineMs 4) (printf "25 %% of the budget of %s" $budget))
  (list "idleFarewell" $fifthMs (printf "20 %% of the budget of %s" $budget))
  (list "settleMin" $settleMaxMs "settleMax")
  (list "settleQuiet" $settleMaxMs "settleMax")
-}}
{{- range $limits -}}
{{- $key := first . -}}
{{- $text := get $ $key | include "tidegate.text" -}}
{{- if gt (include "tidegate.milliseconds" $text | int64) (index . 1) -}}
{{- fail (printf "tidegate: %s %s is more than %s, which is %s" $key $text (last .) (include "tidegate.duration" (index . 1))) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The milliseconds of a value, or of its default, which is clamped: (value, default, limit). */ -}}
{{- define "tidegate.share" -}}
{{- $text := first . | include "tidegate.text" -}}
{{- if eq $text "" -}}{{ min (index . 1) (last .) }}
{{- else -}}{{ include "tidegate.milliseconds" $text }}
{{- end -}}
{{- end -}}

{{- /* Said of the first of them that was given beside the grace period. */ -}}
{{- define "tidegate.noTimeLeft" -}}
{{- $key := "gracePeriod" -}}
{{- if ne (include "tidegate.text" .values.margin) "" -}}{{- $key = "margin" -}}{{- end -}}
{{- if ne (include "tidegate.text" .values.appShutdown) "" -}}{{- $key = "appShutdown" -}}{{- end -}}
{{- $of := list -}}
{{- range .parts -}}{{- $of = append $of (include "tidegate.duration" .) -}}{{- end -}}
{{- fail (printf "tidegate: %s %s leaves no time to drain: gracePeriod %s - appShutdown %s - margin %s" $key (eq $key "gracePeriod" | ternary (index $of 0) (get .values $key | include "tidegate.text")) (index $of 0) (index $of 1) (index $of 2)) -}}
{{- end -}}
