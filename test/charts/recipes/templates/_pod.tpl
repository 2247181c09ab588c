{{- /* The same pod for all of them; `restartPolicy` is what a Job needs beside it. */ -}}
{{- define "recipes.pod" -}}
metadata:
  labels:
    app: {{ .Release.Name }}
    {{- include "tidegate.podLabels" . | nindent 4 }}
  annotations:
    {{- include "tidegate.podAnnotations" . | nindent 4 }}
spec:
  {{- if eq .Values.kind "Job" }}
  restartPolicy: Never
  {{- end }}
  terminationGracePeriodSeconds: {{ include "tidegate.terminationGracePeriodSeconds" . }}
  automountServiceAccountToken: false
  dnsPolicy: Default
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    seccompProfile: { type: RuntimeDefault }
  initContainers:
    {{- include "tidegate.initContainer" . | nindent 4 }}
  containers:
    - name: app
      image: {{ .Values.image }}
      command: {{ toJson .Values.command }}
      env: {{ toJson .Values.env }}
      ports:
        - { name: {{ include "tidegate.appPortName" . }}, containerPort: 3000 }
      lifecycle:
        {{- include "tidegate.preStop" . | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        capabilities: { drop: [ALL] }
      volumeMounts:
        - { name: programs, mountPath: /programs, readOnly: true }
  volumes:
    - name: programs
      configMap: { name: {{ .Values.programs }} }
    {{- include "tidegate.volumes" . | nindent 4 }}
{{- end -}}
