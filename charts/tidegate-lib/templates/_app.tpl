{{- /*
What the app's own container gets.
*/ -}}

{{- /* The name of its port: the Service's name for it moves to tidegate. */ -}}
{{- define "tidegate.appPortName" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- ternary "app" $values.portName $values.enabled | toYaml -}}
{{- end -}}

{{- /* For its `lifecycle`: the kubelet holds the app's SIGTERM back until tidegate has answered. */ -}}
{{- define "tidegate.preStop" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- $own := $values.appPreStop -}}
{{- $runsAfter := eq $values.appPreStopRuns "after" -}}
{{- if and $own (or (not $values.enabled) (not $runsAfter)) -}}
preStop:
  {{- toYaml $own | nindent 2 }}
{{- else if and $own $values.enabled -}}
{{- include "tidegate.preStopBehindWait" $values -}}
{{- else if $values.enabled -}}
preStop:
  httpGet: { path: /drain/wait, port: {{ int $values.admin }} }
{{- end -}}
{{- end -}}

{{- /*
A container has one hook: the app's own command waits first, with what its image has. Many a wget gives up
after 15 minutes and asks again; where nobody listens any more, all tries are over at once. Without either of
them nothing waits, which is told and no reason to keep the app's own command from it.
*/ -}}
{{- define "tidegate.preStopBehindWait" -}}
preStop:
  exec:
    command:
      - sh
      - -c
      - |
        command -v wget >/dev/null || command -v curl >/dev/null ||
          echo "tidegate: no wget and no curl here: nothing waits for the drain" >&2
        for try in 1 2 3 4 5 6 7 8; do
          http_proxy= wget -q -O /dev/null "$0" && break
          curl -s --noproxy "*" -o /dev/null "$0" && break
        done
        exec "$@"
      - http://127.0.0.1:{{ int .admin }}/drain/wait
      {{- toYaml .appPreStop.exec.command | nindent 6 }}
{{- end -}}
