{{/* The plain settings of one service, name and value: (dict "root" $ "service" "intake"). */}}
{{- define "duban.settings" -}}
{{- $values := .root.Values -}}
{{- $prefix := upper .service -}}
{{ $prefix }}_HOST: 0.0.0.0
{{ $prefix }}_PORT: {{ include "duban.port" .service | quote }}
{{ $prefix }}_LOGS: {{ $values.logs }}
{{ $prefix }}_SECURE_COOKIE: {{ hasPrefix "https://" $values.publicUrl | quote }}
{{ $prefix }}_KAFKA: {{ join "," $values.kafka.servers | quote }}
{{ $prefix }}_KAFKA_SECURITY: {{ $values.kafka.security }}
{{ $prefix }}_KAFKA_REPLICATION: {{ $values.kafka.replication | quote }}
{{- if include "duban.signsIn" .root }}
{{ $prefix }}_KAFKA_MECHANISM: {{ $values.kafka.mechanism }}
{{ $prefix }}_KAFKA_USERNAME: {{ $values.kafka.username | quote }}
{{- end }}
{{- if $values.kafka.caSecret }}
{{ $prefix }}_KAFKA_CA: /etc/duban/kafka/ca.crt
{{- end }}
{{- if eq .service "scoring" }}
SCORING_INTAKE_URL: http://{{ include "duban.name" .root }}-intake:{{ include "duban.port" "intake" }}
SCORING_PUBLIC_BULLETIN: {{ $values.publicBulletin | quote }}
{{- end }}
{{- if eq .service "notify" }}
NOTIFY_PUBLIC_URL: {{ $values.publicUrl | quote }}
{{- with $values.allowTargets }}
NOTIFY_ALLOW_TARGETS: {{ join "," . | quote }}
{{- end }}
{{- with $values.smtp.host }}
NOTIFY_SMTP_HOST: {{ . | quote }}
NOTIFY_SMTP_PORT: {{ $values.smtp.port | quote }}
NOTIFY_SMTP_SECURITY: {{ $values.smtp.security }}
NOTIFY_MAIL_FROM: {{ $values.smtp.from | quote }}
{{- end }}
{{- with $values.smtp.username }}
NOTIFY_SMTP_USERNAME: {{ . | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The secret settings of one service, as a container's `env`: also `secret`, the Secret's name. */}}
{{- define "duban.secretSettings" -}}
{{- $prefix := upper .service -}}
- name: {{ $prefix }}_DATABASE
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: {{ .service }}-database}}
- name: {{ $prefix }}_SESSION_SECRET
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: session-secret}}
{{- if include "duban.signsIn" .root }}
- name: {{ $prefix }}_KAFKA_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: kafka-password}}
{{- end }}
{{- if and (eq .service "notify") .root.Values.smtp.username }}
- name: NOTIFY_SMTP_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: smtp-password}}
{{- end }}
{{- end -}}

{{/* What the Secret made from values holds; an operator's own has the same keys. */}}
{{- define "duban.secretData" -}}
{{- $secrets := .Values.secrets -}}
session-secret: {{ $secrets.sessionSecret | quote }}
{{- if $secrets.signingKey }}
signing-key: {{ $secrets.signingKey | quote }}
{{- end }}
{{- range $service, $url := $secrets.databases }}
{{ $service }}-database: {{ $url | quote }}
{{- end }}
{{- if include "duban.signsIn" . }}
kafka-password: {{ $secrets.kafkaPassword | quote }}
{{- end }}
{{- if .Values.smtp.username }}
smtp-password: {{ $secrets.smtpPassword | quote }}
{{- end }}
{{- end -}}
