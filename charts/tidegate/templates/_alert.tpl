{{- /*
One alert of rules/, its marks replaced by what values say: ${labels} and ${runbook} of all, and its own, as
${after}. Takes {root, key, part}: a part is one more rule of the same name, in a file of its own. Prometheus'
own braces are left to Prometheus.
*/ -}}
{{- define "tidegate-watch.alert" -}}
{{- $rule := .root.Values.prometheusRule -}}
{{- $alert := index $rule.alerts .key -}}
{{- $text := .root.Files.Get (printf "rules/%s%s.yaml" .key .part) | trim -}}
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
{{- $names := .root.Values.podMonitor.namespaceSelector.matchNames | default list | join "|" -}}
{{- $text = replace "${inNamespaces}" ($names | empty | ternary "" (printf ", namespace=~%q" $names)) $text -}}
{{- $text -}}
{{- end -}}
