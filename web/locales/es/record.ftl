## El historial

allergy-headline = { $substance }: { $reactions }
severity-mild = leve
severity-moderate = moderada
severity-severe = grave
chart-shortened = Este historial tiene más de { $parts }. Se muestran las más recientes. Las anteriores se conservan, pero no aparecen aquí.
vital-before = { $value } el { $date }
vital-before-same-day = { $value } a las { $time } del mismo día
vital-before-undated = { $value }, fecha no registrada
medicine-taking = Tomando
medicine-reported = Según el paciente
medicine-paused = En pausa
medicine-finished = Terminada
medicine-stopped = Suspendida
medicine-draft = Borrador
medicine-not-prescribed = sin receta
results-none = Todavía no hay resultados
all-results = Todos los resultados
first-one = el primero
not-compared = sin comparar
note-draft = sin firmar
result-badge-held = retenido
course-too-few = Hay muy pocos valores para un gráfico. La tabla los tiene todos.
course-newest =
    { $outside ->
        [0] Los { $total } resultados más recientes están dentro de lo habitual.
        [one] De los { $total } resultados más recientes, 1 está fuera de lo habitual.
       *[other] De los { $total } resultados más recientes, { $outside } están fuera de lo habitual.
    }
course-all-inside =
    { $total ->
        [2] Los dos resultados están dentro de lo habitual.
       *[other] Los { $total } resultados están dentro de lo habitual.
    }
course-all-outside =
    { $total ->
        [2] Los dos resultados están fuera de lo habitual.
       *[other] Los { $total } resultados están fuera de lo habitual.
    }
course-some-outside =
    { $outside ->
        [one] 1 de { $total } resultados está fuera de lo habitual.
       *[other] { $outside } de { $total } resultados están fuera de lo habitual.
    }
chart-title = { $name }. { $values }
chart-band = Valores habituales: { $range }
chart-spoken =
    { $n ->
        [one] 1 valor del { $since }: { $values }
       *[other] { $n } valores desde el { $since }: { $values }
    }
chart-spoken-newest = Los { $n } valores más recientes, desde el { $since }: { $values }
flag-high = Alto
flag-low = Bajo
flag-critical-high = Muy alto, crítico
flag-critical-low = Muy bajo, crítico
flag-abnormal = Fuera de lo normal
reaction-unknown = reacción no registrada
not-given = No administrada:
visits-none = Todavía no hay visitas
visit-open = En curso
documents-none = Todavía no hay documentos
col-test = Prueba
col-result = Resultado
col-flag = Aviso
col-range = Referencia
col-course = Evolución
col-date = Fecha
yes = Sí
no = No
blood-pressure = Tensión arterial
doubt-unconfirmed = Sin confirmar todavía
doubt-provisional = Diagnóstico provisional
doubt-differential = Una de varias posibilidades
doubt-refuted = Descartado
not-to-be-done = No debe hacerse
only-proposed = Propuesto, no pedido
vaccine-subpotent = Sin la potencia completa
vaccine-subpotent-why = Sin la potencia completa: { $why }
allergy-kind-medication = Medicina
allergy-kind-food = Alimento
allergy-kind-environment = Entorno
allergy-kind-biologic = Medicina biológica
allergy-kind-intolerance = Intolerancia
allergy-kind-allergy = Alergia
allergy-resolved = ya no
allergy-inactive = no activa
allergy-refuted = descartada
allergy-mistake = registrada por error
dose-bare = { $n } cada vez
dose-when-needed = cuando haga falta
dose-every-hours =
    { $times ->
        [one] { $period ->
            [one] cada hora
           *[other] cada { $period } horas
        }
       *[other] { $period ->
            [one] { $times } veces por hora
           *[other] { $times } veces cada { $period } horas
        }
    }
dose-every-days =
    { $times ->
        [one] { $period ->
            [one] una vez al día
           *[other] cada { $period } días
        }
        [2] { $period ->
            [one] dos veces al día
           *[other] dos veces cada { $period } días
        }
       *[other] { $period ->
            [one] { $times } veces al día
           *[other] { $times } veces cada { $period } días
        }
    }
dose-every-weeks =
    { $times ->
        [one] { $period ->
            [one] una vez a la semana
           *[other] cada { $period } semanas
        }
       *[other] { $period ->
            [one] { $times } veces a la semana
           *[other] { $times } veces cada { $period } semanas
        }
    }
dose-every-months =
    { $times ->
        [one] { $period ->
            [one] una vez al mes
           *[other] cada { $period } meses
        }
       *[other] { $period ->
            [one] { $times } veces al mes
           *[other] { $times } veces cada { $period } meses
        }
    }
vaccine-dose = dosis { $dose }
vaccine-lot = lote { $lot }
vaccine-no-reason = sin motivo registrado
document-note = Nota de la visita
document-addendum = Añadido a una nota de la visita
visit-clinic = Visita
visit-phone = Teléfono o videollamada
visit-emergency = Visita de urgencia
visit-hospital = Ingreso en hospital
visit-home = Visita a domicilio
timeline-tests =
    { $n ->
        [one] 1 resultado
       *[other] { $n } resultados
    }
timeline-outside =
    { $n ->
        [one] 1 fuera de lo habitual: { $named }
       *[other] { $n } fuera de lo habitual: { $named }
    }
timeline-tests-more = { $named } y { $n } más
timeline-vaccinated = Vacuna: { $name }
timeline-not-done = No se hizo: { $name }
timeline-other-named = { $kind }: { $name }
kind-adverse-event = Daño por la atención
kind-body-structure = Parte del cuerpo
kind-plan = Plan de cuidados
kind-team = Equipo de cuidados
kind-impression = Valoración
kind-issue = Problema de seguridad
kind-device = Dispositivo
kind-episode = Episodio de atención
kind-family = Antecedentes familiares
kind-warning = Aviso
kind-goal = Objetivo
kind-picture = Imagen
kind-vaccine-advice = Consejo de vacunación
kind-medicine-given = Medicamento administrado
kind-medicine-handed-out = Medicamento entregado
kind-nutrition = Orden de nutrición
kind-risk = Riesgo
kind-specimen = Muestra
kind-supply = Suministro
kind-glasses = Gafas
timeline-visit-for = { $kind }: { $reason }

## Cómo está una anotación de una copia

state-active = activo
state-amended = corregido
state-arrived = ha llegado
state-booked = reservada
state-cancelled = anulado
state-checked-in = en la consulta
state-completed = terminado
state-current = vigente
state-draft = borrador
state-entered-in-error = anotado por error
state-final = definitivo
state-finished = terminada
state-fulfilled = realizada
state-in-progress = en curso
state-inactive = ya no activo
state-intended = previsto
state-noshow = no acudió
state-not-done = no realizado
state-not-taken = no se toma
state-on-hold = en pausa
state-partial = parcial
state-registered = registrado, aún sin valor
state-pending = ofrecida
state-preliminary = provisional
state-proposed = pedida
state-rejected = rechazado
state-remission = en remisión
state-requested = pedido
state-resolved = resuelto
state-revoked = anulado
state-stopped = interrumpido
state-superseded = sustituido
state-unknown = no se sabe
state-waitlist = en lista de espera
allergies-not-asked = No consta nada de alergias a { $kinds }
allergies-not-shown = No se muestra nada de alergias a { $kinds }
allergies-to-medicines = medicinas
allergies-to-food = alimentos
allergies-to-surroundings = el entorno
copy-mistaken = Retirado: fue un error y no cuenta
copy-mistaken-report = Su informe se retiró: fue un error y no cuenta
copy-usual = habitual: { $range }
copy-reaction = reacción: { $what }
form-before-visit = Formulario antes de una cita
order-state-open = Pedido
order-state-paused = En pausa
order-state-unknown = No se sabe si sigue en pie
order-state-done = Hecho
order-state-ended = Anulado
timeline-ordered = Pedido: { $name }
entry-take-back = Retirarlo

## Un informe junto a sus valores

report-conclusion = Conclusión
report-state = Estado: { $word }
report-words = El texto del informe
report-finding = Hallazgo
report-comment = Comentario del médico
report-comment-unsigned = esta versión del informe no está firmada
report-files = Archivos de este informe
report-file = Archivo { $n }
report-file-elsewhere = No está en este historial. Está en { $address }
report-file-missing = Se menciona y no está en este historial.

# Lo que importa para la atención además del nombre; $what está en las palabras del historial.
bears-reaction = Reacción: { $what }
bears-dose = Cantidad: { $what }
bears-route = Vía: { $what }
bears-manufacturer = Fabricante: { $what }
bears-expires = Caducidad: { $what }
bears-reason = Motivo: { $what }
bears-eligibility = Con derecho por: { $what }
bears-complication = Complicación: { $what }
bears-follow-up = Seguimiento: { $what }
bears-used = Se usó: { $what }
bears-device = Dispositivo: { $what }
bears-place = Lugar: { $what }
bears-diagnosis = Diagnóstico: { $what }
bears-stay = Estancia: { $what }
bears-priority = Prioridad: { $what }
bears-service = Servicio: { $what }
bears-site = Parte del cuerpo: { $what }
bears-detail = Detalles: { $what }
bears-quantity = Cantidad pedida: { $what }
bears-planned-for = Previsto para: { $what }
bears-as-needed = Si hace falta: { $what }
bears-instruction = Para el paciente: { $what }
bears-performer = Lo hará: { $what }
bears-specimen = Muestra: { $what }
vaccine-dose-of = dosis { $dose } de { $series }
