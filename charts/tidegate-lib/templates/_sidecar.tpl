{{- /*
tidegate as a container of the pod. What the two forms share stands once: `native` is an init container
that stays and ends behind the app, `classic` a container beside it. Texts of users go through toYaml, which
quotes those that YAML would take for something else (`123`, `yes`), and no others.
*/ -}}

{{- /* For `initContainers`; Kubernetes 1.29 and newer. */ -}}
{{- define "tidegate.initContainer" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- if $values.enabled -}}
{{- if semverCompare "<1.29-0" .Capabilities.KubeVersion.Version -}}
{{- fail (printf "tidegate: tidegate.initContainer needs Kubernetes 1.29 or newer, and this is %s: use tidegate.container" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- include "tidegate.sidecar" (dict "form" "native" "values" $values) -}}
{{- end -}}
{{- end -}}

{{- /* For `containers`; Kubernetes 1.25 and newer. */ -}}
{{- define "tidegate.container" -}}
{{- $values := include "tidegate.values" . | fromYaml -}}
{{- if $values.enabled -}}
{{- include "tidegate.sidecar" (dict "form" "classic" "values" $values) -}}
{{- end -}}
{{- end -}}

{{- define "tidegate.sidecar" -}}
{{- $isNative := eq .form "native" -}}
{{- with .values -}}
- name: {{ toYaml .name }}
  image: {{ include "tidegate.image" .image | toYaml }}
  {{- with .image.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  {{- if $isNative }}
  restartPolicy: Always
  {{- end }}
  env:
    {{- include "tidegate.env" $ | nindent 4 }}
  ports:
    - { name: {{ toYaml .portName }}, containerPort: {{ int .listen }} }
    - { name: tidegate, containerPort: {{ int .admin }} }
  {{- if $isNative }}
  # Alive, not ready: it is ready once the app is, and the app is started after it.
  {{- end }}
  startupProbe:
    httpGet: { path: /livez, port: tidegate }
    periodSeconds: 1
    failureThreshold: 30
  {{- if .readiness }}
  readinessProbe:
    httpGet: { path: /readyz, port: tidegate }
    periodSeconds: 2
  {{- end }}
  # Its restart need not wait for the pod's whole grace period.
  livenessProbe:
    httpGet: { path: /livez, port: tidegate }
    terminationGracePeriodSeconds: 10
  {{- if not $isNative }}
  # Waits for the end of the drain: SIGTERM comes behind it, or when the grace is spent.
  {{- end }}
  lifecycle:
    preStop:
      exec: { command: [/nodejs/bin/node, /tidegate/notice.mjs{{ if not $isNative }}, --wait{{ end }}] }
  {{- with .resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    allowPrivilegeEscalation: false
    capabilities: { drop: [ALL] }
    readOnlyRootFilesystem: true
    seccompProfile: { type: RuntimeDefault }
  {{- with .terminationMessagePath }}
  terminationMessagePath: {{ toYaml . }}
  {{- end }}
  {{- if .podInfo }}
  volumeMounts:
    - { name: tidegate-pod-info, mountPath: /pod-info, readOnly: true }
  {{- end }}
{{- end -}}
{{- end -}}

{{- define "tidegate.image" -}}
{{ .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
