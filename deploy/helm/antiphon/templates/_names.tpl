{{- define "antiphon.name" -}}
{{- printf "%s-antiphon" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "antiphon.labels" -}}
app.kubernetes.io/name: antiphon
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "antiphon.secret" -}}
{{- .Values.secret.existing | default (include "antiphon.name" .) -}}
{{- end -}}

{{- define "antiphon.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{- define "antiphon.databaseURL" -}}
{{- if .Values.postgresql.enabled -}}
{{- $password := required "postgresql.password: expected a password." .Values.postgresql.password -}}
{{- printf "postgresql://antiphon:%s@%s-postgresql/antiphon" $password (include "antiphon.name" .) -}}
{{- else -}}
{{- required "database.url: expected the URL of a PostgreSQL where postgresql.enabled is false." .Values.database.url -}}
{{- end -}}
{{- end -}}

{{- define "antiphon.natsServers" -}}
{{- $own := list (printf "nats://%s-nats:4222" (include "antiphon.name" .)) -}}
{{- join "," (.Values.nats.servers | default $own) -}}
{{- end -}}

{{- define "antiphon.books" -}}
- name: ANTIPHON_AUTH__PEPPER
  valueFrom: {secretKeyRef: {name: {{ include "antiphon.secret" . }}, key: pepper}}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ include "antiphon.secret" . }}, key: database-url}}
{{- end -}}
