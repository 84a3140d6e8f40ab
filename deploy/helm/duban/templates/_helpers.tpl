{{/* What every object's name begins with: at most 40 characters, so that all that follows has room. */}}
{{- define "duban.name" -}}
{{- $name := ternary .Release.Name (printf "%s-duban" .Release.Name) (contains "duban" .Release.Name) -}}
{{- $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels of an object of one service: (dict "root" $ "service" "intake"). */}}
{{- define "duban.labels" -}}
{{ include "duban.selector" . }}
app.kubernetes.io/part-of: duban
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{/* What picks the pods of one service; it may never change. */}}
{{- define "duban.selector" -}}
app.kubernetes.io/name: duban
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end -}}

{{/* The port a service listens at. */}}
{{- define "duban.port" -}}
{{- get (dict "intake" 8001 "scoring" 8002 "notify" 8003) . -}}
{{- end -}}

{{/* A service's image: by digest where one is given, else by tag. */}}
{{- define "duban.image" -}}
{{- $own := index .root.Values.services .service -}}
{{- with .root.Values.image.registry }}{{ . }}/{{ end -}}
{{- $own.image -}}
{{- if $own.digest }}@{{ $own.digest }}{{ else }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}{{ end -}}
{{- end -}}

{{/* The Secret the services read: the operator's, or the one made from values. */}}
{{- define "duban.secret" -}}
{{- .Values.secrets.existingSecret | default (include "duban.name" .) -}}
{{- end -}}

{{/* Whether pods speak to Kafka as somebody. */}}
{{- define "duban.signsIn" -}}
{{- if hasPrefix "sasl" .Values.kafka.security }}yes{{ end -}}
{{- end -}}
