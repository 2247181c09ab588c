{{- /*
The sidecar's environment: settings that are given, each under its own name; what is not given keeps the
default that tidegate has.
*/ -}}

{{- define "tidegate.env" -}}
{{- $values := .values -}}
- { name: TIDEGATE_SIDECAR, value: {{ .form }} }
- { name: TIDEGATE_GRACE_PERIOD, value: {{ int $values.graceSeconds }}s }
{{- $app := include "tidegate.text" $values.app }}
{{- if contains ":" $app }}
- { name: TIDEGATE_APP, value: {{ quote $app }} }
{{- else }}
- name: POD_IP
  valueFrom: { fieldRef: { fieldPath: status.podIP } }
# In brackets, because it may be an IPv6 address.
- { name: TIDEGATE_APP, value: '[$(POD_IP)]:{{ $app }}' }
{{- end }}
{{- if ne (int $values.listen) 8080 }}
- { name: TIDEGATE_LISTEN, value: {{ int $values.listen | quote }} }
{{- end }}
{{- if ne (int $values.admin) 9180 }}
- { name: TIDEGATE_ADMIN, value: {{ int $values.admin | quote }} }
{{- end }}
{{- if $values.podInfo }}
- { name: TIDEGATE_POD_INFO_DIR, value: /pod-info }
{{- end }}
{{- range $key := include "tidegate.otherSettings" . | fromYamlArray }}
{{- $text := get $values $key | include "tidegate.text" }}
{{- if ne $text "" }}
- { name: TIDEGATE_{{ snakecase $key | upper }}, value: {{ quote $text }} }
{{- end }}
{{- end }}
{{- with $values.adminTokenSecret }}
{{- if .name }}
- name: TIDEGATE_ADMIN_TOKEN
  valueFrom: { secretKeyRef: { name: {{ toYaml .name }}, key: {{ toYaml .key }} } }
{{- end }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Those that are passed on as they are given. */ -}}
{{- define "tidegate.otherSettings" -}}
{{ include "tidegate.durationSettings" . }}
- closeRate
- websocketCloseCode
- lateUpgrades
- farewellForApp
- probeAgents
- proxyProtocol
- forwarded
- secondChance
- appHealthPath
- terminationMessagePath
- logLevel
{{- end -}}

{{- define "tidegate.durationSettings" -}}
- appShutdown
- margin
- settleMin
- settleQuiet
- settleMax
- closeWindow
- idleFarewell
- quietFor
- terminationNotice
- unreadyAfter
- linger
- keepAlive
- appConnectTimeout
{{- end -}}
