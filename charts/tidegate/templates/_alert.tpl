{{- /*
One alert of rules/, its marks replaced by what values say: ${labels} and ${runbook} of all, and its own, as
${after}, in seconds and bytes as ${age.seconds} and ${memory.bytes}. Takes {root, key, file}: several files are
several rules of one name. Prometheus' own braces are left to Prometheus.
*/ -}}
{{- define "tidegate-watch.alert" -}}
{{- $rule := .root.Values.prometheusRule -}}
{{- $alert := index $rule.alerts .key -}}
{{- $text := .root.Files.Get .file | trim -}}
{{- $labels := merge (dict "severity" $alert.severity) $rule.alertLabels -}}
{{- $text = replace "${labels}" (toYaml $labels | indent 4 | trim) $text -}}
{{- if $rule.runbookUrl -}}
{{- $text = replace "${runbook}" (printf "runbook_url: %sTidegate%s" $rule.runbookUrl (title .key)) $text -}}
{{- else -}}
{{- $text = replace "\n    ${runbook}" "" $text -}}
{{- end -}}
{{- range $name, $value := omit $alert "enabled" "severity" -}}
{{- $text = replace (printf "${%s}" $name) (toString $value) $text -}}
{{- $seconds := printf "${%s.seconds}" $name -}}
{{- if contains $seconds $text }}{{ $text = replace $seconds (include "tidegate-watch.seconds" $value | float64 | int64 | toString) $text }}{{ end -}}
{{- $bytes := printf "${%s.bytes}" $name -}}
{{- if contains $bytes $text }}{{ $text = replace $bytes (include "tidegate-watch.bytes" $value) $text }}{{ end -}}
{{- end -}}
{{- $text = replace "${controller}" (printf "%s/%s" .root.Release.Namespace .root.Release.Name) $text -}}
{{- $names := .root.Values.podMonitor.namespaceSelector.matchNames | default list | join "|" -}}
{{- $text = replace "${inNamespaces}" ($names | empty | ternary "" (printf ", namespace=~%q" $names)) $text -}}
{{- $text -}}
{{- end -}}

{{- /* The bytes of a quantity of memory. */ -}}
{{- define "tidegate-watch.bytes" -}}
{{- $sizes := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $unit := regexFind "[A-Za-z]*$" (toString .) -}}
{{- mulf (trimSuffix $unit (toString .) | float64) (get $sizes $unit) | int64 -}}
{{- end -}}
