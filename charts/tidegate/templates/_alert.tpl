{{- /*
One alert of rules/, its marks replaced by what values say: ${labels} and ${runbook} of all, and its own, as
${after}. Takes {root, key, file}. Prometheus' own braces are left to Prometheus.
*/ -}}
{{- define "tidegate-watch.alert" -}}
{{- $rule := .root.Values.prometheusRule -}}
{{- $alert := index $rule.alerts .key -}}
{{- $text := .root.Files.Get (printf "rules/%s.yaml" .file) | trim -}}
{{- $labels := merge (dict "severity" $alert.severity) $rule.alertLabels -}}
{{- $text = replace "${labels}" (toYaml $labels | indent 4 | trim) $text -}}
{{- if $rule.runbookUrl -}}
{{- $text = replace "${runbook}" (printf "runbook_url: %sTidegate%s" $rule.runbookUrl (title .key)) $text -}}
{{- else -}}
{{- $text = replace "\n    ${runbook}" "" $text -}}
{{- end -}}
{{- range $name, $value := omit $alert "enabled" "severity" -}}
{{- $text = replace (printf "${%s}" $name) (toString $value) $text -}}
{{- end -}}
{{- $text -}}
{{- end -}}
