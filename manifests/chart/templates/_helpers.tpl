{{- define "mnw.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "mnw.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "mnw.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The name alone selects: one installation has one name, and labels of a selector can never change. */ -}}
{{- define "mnw.selector" -}}
app.kubernetes.io/name: {{ include "mnw.fullname" . }}
{{- end -}}

{{- define "mnw.labels" -}}
{{ include "mnw.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "mnw.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "mnw.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed when none is created" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "mnw.image" -}}
{{- with .Values.global.cattle.systemDefaultRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .Values.image.repository -}}:{{- .Values.image.tag | default .Chart.AppVersion -}}
{{- with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- define "mnw.tlsSecret" -}}
{{- if eq .Values.tls.source "secret" -}}
{{- required "tls.secretName is needed with tls.source: secret" .Values.tls.secretName -}}
{{- else -}}
{{- include "mnw.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{- /* Whether the server keeps caBundle of the configurations. Values that an upgrade reuses may be older than this one. */ -}}
{{- define "mnw.registers" -}}
{{- $off := eq (toString .Values.registration) "false" -}}
{{- if eq .Values.tls.source "self-managed" -}}
{{- if $off }}{{ fail "registration: false needs tls.source secret: only the server knows its own CA" }}{{ end -}}
true
{{- else if and (eq .Values.tls.source "secret") (not $off) -}}
true
{{- end -}}
{{- end -}}

{{- define "mnw.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "mnw.securityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- /* One of the two configurations: the file, with what belongs to this installation. */ -}}
{{- define "mnw.configuration" -}}
{{- $root := index . 0 -}}
{{- $configuration := $root.Files.Get (index . 1) | fromYaml -}}
{{- $name := include "mnw.fullname" $root -}}
{{- $annotations := deepCopy $root.Values.webhookAnnotations -}}
{{- if eq $root.Values.tls.source "cert-manager" -}}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from" (printf "%s/%s" $root.Release.Namespace $name) -}}
{{- end -}}
{{- $metadata := dict "name" $name "labels" (include "mnw.labels" $root | fromYaml) -}}
{{- if $annotations -}}
{{- $_ := set $metadata "annotations" $annotations -}}
{{- end -}}
{{- $_ := set $configuration "metadata" $metadata -}}
{{- range $configuration.webhooks -}}
{{- $_ := set .clientConfig.service "name" $name -}}
{{- $_ := set .clientConfig.service "namespace" $root.Release.Namespace -}}
{{- end -}}
{{- toYaml $configuration -}}
{{- end -}}

{{- /* What all hooks have: they are gone in every outcome. */ -}}
{{- define "mnw.hook" -}}
helm.sh/hook: {{ index . 0 }}
helm.sh/hook-weight: {{ index . 1 | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end -}}

{{- /* A Job of the chart's own image, and what it may do: root, name, hook events, arguments, rules,
     and how often it is tried again. */ -}}
{{- define "mnw.job" -}}
{{- $root := index . 0 -}}
{{- $name := printf "%s-%s" (include "mnw.fullname" $root) (index . 1) -}}
{{- $event := index . 2 -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "mnw.labels" $root | nindent 4 }}
  annotations: {{- include "mnw.hook" (list $event -10) | nindent 4 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $name }}
  labels: {{- include "mnw.labels" $root | nindent 4 }}
  annotations: {{- include "mnw.hook" (list $event -10) | nindent 4 }}
rules: {{- index . 4 | toYaml | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
  labels: {{- include "mnw.labels" $root | nindent 4 }}
  annotations: {{- include "mnw.hook" (list $event -10) | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ $root.Release.Namespace }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "mnw.labels" $root | nindent 4 }}
  annotations:
    {{- include "mnw.hook" (list $event 0) | nindent 4 }}
    helm.sh/hook-output-log-policy: hook-failed
spec:
  backoffLimit: {{ index . 5 }}
  template:
    metadata:
      # Not the selector's label: the Service must not lead here.
      labels:
        app.kubernetes.io/name: {{ $name }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ $name }}
      enableServiceLinks: false
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext: {{- include "mnw.podSecurityContext" $root | nindent 8 }}
      containers:
        - name: hook
          image: {{ include "mnw.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: {{- index . 3 | toYaml | nindent 12 }}
          securityContext: {{- include "mnw.securityContext" $root | nindent 12 }}
          resources:
            requests:
              cpu: 10m
              memory: 16Mi
            limits:
              memory: 128Mi
{{- end -}}
