### Lo que leen los pacientes, en español. Claro, amable y exacto: qué ha pasado, qué no se ha dañado, qué hacer ahora.
### Las páginas del personal están en inglés.

## Fechas, edades, números

month =
    { $n ->
        [1] enero
        [2] febrero
        [3] marzo
        [4] abril
        [5] mayo
        [6] junio
        [7] julio
        [8] agosto
        [9] septiembre
        [10] octubre
        [11] noviembre
       *[12] diciembre
    }
    .short =
        { $n ->
            [1] ene.
            [2] feb.
            [3] mar.
            [4] abr.
            [5] may.
            [6] jun.
            [7] jul.
            [8] ago.
            [9] sept.
            [10] oct.
            [11] nov.
           *[12] dic.
        }
weekday-monday = lunes
    .short = lun.
weekday-tuesday = martes
    .short = mar.
weekday-wednesday = miércoles
    .short = mié.
weekday-thursday = jueves
    .short = jue.
weekday-friday = viernes
    .short = vie.
weekday-saturday = sábado
    .short = sáb.
weekday-sunday = domingo
    .short = dom.
date-day = { $day } de { $month } de { $year }
date-day-month = { $day } de { $month }
date-month = { $month } de { $year }
date-and-time = { $date } { $time }
date-long-and-time = { $date }, { $time }
date-today = Hoy
    .within = hoy
date-yesterday = Ayer
    .within = ayer
date-heading = { $weekday }, { $day } de { $month }
date-heading-year = { $weekday }, { $day } de { $month } de { $year }
date-heading-today = Hoy, { $day }
date-unknown = fecha no registrada
age-years =
    { $n ->
        [one] 1 año
       *[other] { $n } años
    }
age-months = { $n } meses
age-weeks = { $n } semanas
age-days =
    { $n ->
        [one] 1 día
       *[other] { $n } días
    }
ago-now = ahora mismo
ago-minutes =
    { $n ->
        [one] hace 1 minuto
       *[other] hace { $n } minutos
    }
ago-hours =
    { $n ->
        [one] hace 1 hora
       *[other] hace { $n } horas
    }
ago-days =
    { $n ->
        [one] hace 1 día
       *[other] hace { $n } días
    }
since = desde el { $date }
until = hasta el { $date }
from-to = { $from } a { $to }
range-between = { $low } a { $high }
range-from = { $low } o más
range-to = { $high } o menos
range-unknown = sin valores de referencia

## El marco de cada página

skip = Ir al contenido principal
demo-label = Demostración
demo-ribbon = Demostración: aquí nada está protegido.
demo-ribbon-more = Todas las personas son inventadas. No escriba nada sobre una persona real.
nav-main = Principal
nav-today = Hoy
nav-patients = Pacientes
nav-audit = Registro de accesos
nav-approvals = Autorizaciones
nav-health = Estado
nav-settings = Ajustes
nav-backups = Copias de seguridad
nav-day = Día
nav-booking-requests = Peticiones de cita
nav-accounts = Cuentas
nav-keys = Claves
nav-home = Inicio
nav-results = Resultados
nav-medicines = Medicinas
nav-problems = Problemas de salud
nav-allergies = Alergias
nav-visits = Citas
nav-documents = Documentos
nav-who-looked = Quién miró
nav-more = Más
sign-out = Cerrar sesión
role-patient = Paciente
role-proxy = Actúa por un paciente
role-clinician = Médico
role-nurse = Enfermería
role-reception = Recepción
role-healthadmin = Administración de salud
role-operator = Responsable técnico
proxy-line = Este es el historial de { $name }. Usted actúa en su nombre; queda registrado cuándo mira.
pages-label = Más de esta lista
pages-newer = Más recientes
pages-older = Más antiguos

## Formularios

form-optional = opcional
form-faults =
    { $n ->
        [one] Hay 1 cosa que corregir antes de guardar
       *[other] Hay { $n } cosas que corregir antes de guardar
    }
form-kept = Su texto de { $when } está guardado y aparece abajo.
form-kept-discard = Empezar de nuevo

## Entrar y salir

sign-in-title = Iniciar sesión
sign-in-problem-title = Problema: iniciar sesión
sign-in-user = Usuario
sign-in-password = Contraseña
sign-in-button = Entrar
sign-in-refused = No ha podido entrar
sign-in-do-not-match = Este usuario y esta contraseña no corresponden. No se ha abierto nada.
wait-until = Hubo demasiados intentos. Puede continuar a las { $time }.
sign-in-type-again = Escriba de nuevo su contraseña
sign-in-check-keyboard = Revise las mayúsculas y el idioma del teclado.
sign-in-tries-left =
    { $n ->
        [one] Tras 1 intento fallido más, habrá que esperar { $minutes } minutos.
       *[other] Tras { $n } intentos fallidos más, habrá que esperar { $minutes } minutos.
    }
sign-in-too-many = Demasiados intentos
sign-in-wait-until = Puede volver a intentarlo a las { $time }, o preguntar ahora en recepción.
sign-in-stale = Esta página estuvo abierta demasiado tiempo
sign-in-stale-more = No se ha abierto nada. Vuelva a iniciar sesión.
sign-in-kept = Su sesión terminó antes de enviar esto. Su texto está guardado: inicie sesión y continúe.
sign-in-cannot = No puedo entrar
sign-in-cannot-staff = Personal: el responsable técnico de la clínica puede darle una contraseña nueva.
sign-in-cannot-patient = Pacientes: pregunte en recepción. Lleve algo que muestre quién es.
address-before = La dirección de arriba debe ser
address-after = Si no lo es, deténgase y pregunte en recepción.
signed-out-title = Ha cerrado la sesión
signed-out-asked = Su sesión en este dispositivo ha terminado.
signed-out-idle =
    { $n ->
        [one] La sesión se cerró tras 1 minuto sin uso.
       *[other] La sesión se cerró tras { $n } minutos sin uso.
    }
signed-out-ended = Esta sesión se cerró desde otro dispositivo o por el responsable técnico de la clínica.
signed-out-shared = Si otras personas usan este dispositivo, cierre esta ventana.
signed-out-again = Volver a entrar
account-password-hint = Al menos { $n } caracteres. Cuatro palabras poco comunes son mejores que una palabra con signos.

## Qué salió mal

problem-not-understood = No hemos podido leer esta petición
    .more = La dirección o el formulario no estaban completos. No se ha cambiado nada. Vuelva atrás e inténtelo otra vez.
problem-not-signed-in = Primero inicie sesión
    .more = No se ha abierto nada.
problem-not-for-role = Su función no incluye esto
    .more = No se ha cambiado nada. Si lo necesita, pregunte a la administración de salud de la clínica.
problem-stale-form = Esta página estuvo abierta demasiado tiempo
    .more = No se ha guardado nada. Vuelva atrás, cargue la página de nuevo y envíela otra vez.
problem-nothing-here = Aquí no hay nada, o nada que usted pueda ver
    .more = Puede que la dirección esté mal escrita o que el enlace sea antiguo.
problem-no-record = Todavía no tiene abierto ningún historial
    .more = Su cuenta funciona, pero no lleva al historial de nadie: nadie le ha dado permiso, o el permiso terminó. En recepción pueden vincularle. Si cuida de alguien, esa persona también puede darle allí el permiso.
problem-try-again = Mirar otra vez
problem-not-this-way = Esta dirección no funciona así
    .more = No se ha cambiado nada. Empiece de nuevo desde su primera página.
problem-changed-meanwhile = Otra persona ha cambiado esto entretanto
    .more = No se ha sobrescrito nada. Cárguelo de nuevo, compare y decida.
problem-gone = Esto se ha borrado
    .more = Su historia se conserva.
problem-proof-needed = Confirme otra vez que es usted
    .more = No se ha cambiado nada. Cierre la sesión, vuelva a entrar e inténtelo otra vez.
problem-other-name = Este sistema tiene otro nombre
    .more = No responde en la dirección que ha usado. Ábralo con el nombre que muestra su página de bienvenida.
problem-took-too-long = Esto ha tardado demasiado
    .more = Lo hemos dejado. No se ha perdido nada; inténtelo dentro de un momento.
problem-too-large = Esto es demasiado grande
    .more = Lo máximo es { $most }. No se ha guardado nada.
problem-too-many = Demasiadas peticiones
    .more = Espere un minuto e inténtelo otra vez. No se ha cambiado nada.
    .until = Puede continuar a las { $time }. No se ha cambiado nada.
problem-unexpected = Algo ha fallado por nuestra parte
    .more = No se ha guardado nada. Inténtelo otra vez; si vuelve a pasar, diga al responsable técnico a qué hora fue: el registro del sistema dice por qué.
problem-audit-unwritable = No hemos podido escribir el registro de accesos, así que no se ha abierto nada
    .more = Los historiales quedan cerrados hasta que se pueda escribir otra vez. El responsable técnico ve el motivo en la página de estado.
problem-disk-almost-full = Al sistema no le queda espacio para escribir
    .more = No se ha guardado nada. Los historiales se pueden leer. Avise al responsable técnico.
problem-disk-full = El disco está lleno del todo
    .more = No se ha guardado ni abierto nada, porque no se puede escribir el registro de accesos. No se ha perdido nada. Avise enseguida al responsable técnico.
problem-not-ready = El sistema está arrancando o parando
    .more = No se ha perdido nada. Inténtelo dentro de un minuto.
problem-reference = Referencia:
problem-back = Volver a su primera página
problem-foot = Si no esperaba esto, diga al personal de la clínica qué iba a hacer.

## Citas, personas

appointment-checkup = Revisión
appointment-emergency = Urgente
appointment-followup = Seguimiento
appointment-walkin = Sin cita previa
appointment-not-confirmed = Sin confirmar
appointment-expected = Prevista
appointment-arrived = Ha llegado
appointment-done = Hecha
appointment-cancelled = Cancelada
appointment-did-not-come = No vino
patient-no-name = Sin nombre registrado
sex-female = Femenino
sex-male = Masculino
sex-other = Otro
sex-unknown = No se sabe
born-unknown = no registrada
born-and-age = { $date } ({ $age })
died-unknown = fecha desconocida
reach-phone = Teléfono
reach-mobile = Móvil
reach-work = Teléfono del trabajo
reach-email = Correo electrónico
reach-other = Otro
reach-address = Dirección
reach-contact = Persona de contacto

## El historial

allergy-headline = { $substance }: { $reactions }
severity-mild = leve
severity-moderate = moderada
severity-severe = grave
chart-shortened = Este historial tiene más de { $parts }. Se muestran las más recientes. Las anteriores se conservan, pero no aparecen aquí.
vital-before = { $value } el { $date }
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
timeline-visit-for = { $kind }: { $reason }

## Nombres cortos de pruebas

loinc-1742-6 = ALT
loinc-1751-7 = Albúmina
loinc-1920-8 = AST
loinc-1975-2 = Bilirrubina
loinc-1988-5 = Proteína C reactiva
loinc-2028-9 = Dióxido de carbono
loinc-2075-0 = Cloruro
loinc-2085-9 = Colesterol HDL
loinc-2093-3 = Colesterol total
loinc-2160-0 = Creatinina
loinc-2276-4 = Ferritina
loinc-2345-7 = Glucosa
loinc-2571-8 = Triglicéridos
loinc-2708-6 = Saturación de oxígeno
loinc-2823-3 = Potasio
loinc-2857-1 = PSA
loinc-2885-2 = Proteínas totales
loinc-2951-2 = Sodio
loinc-3016-3 = TSH
loinc-3094-0 = Nitrógeno ureico
loinc-4544-3 = Hematocrito
loinc-4548-4 = HbA1c
loinc-6299-2 = Nitrógeno ureico
loinc-6301-6 = INR
loinc-6690-2 = Leucocitos
loinc-6768-6 = Fosfatasa alcalina
loinc-718-7 = Hemoglobina
loinc-777-3 = Plaquetas
loinc-785-6 = HCM
loinc-786-4 = CHCM
loinc-787-2 = VCM
loinc-789-8 = Hematíes
loinc-8302-2 = Estatura
loinc-8310-5 = Temperatura
loinc-8331-1 = Temperatura, boca
loinc-8867-4 = Pulso
loinc-9279-1 = Respiración
loinc-10834-0 = Globulinas
loinc-13457-7 = Colesterol LDL, calculado
loinc-14959-1 = Albúmina/creatinina en orina
loinc-17861-6 = Calcio
loinc-18262-6 = Colesterol LDL
loinc-20570-8 = Hematocrito
loinc-21000-5 = Amplitud de los hematíes
loinc-29463-7 = Peso
loinc-32207-3 = Amplitud de las plaquetas
loinc-32623-1 = Volumen medio de las plaquetas
loinc-33914-3 = FGe
loinc-39156-5 = Índice de masa corporal
loinc-48642-3 = FGe
loinc-57905-2 = Sangre en heces
loinc-59408-5 = Saturación de oxígeno
loinc-62238-1 = FGe
loinc-72514-3 = Dolor, de 0 a 10
loinc-77147-7 = FGe
loinc-98979-8 = FGe

## Valores en palabras claras

flag-plain-high = por encima de lo habitual
flag-plain-low = por debajo de lo habitual
flag-plain-critical-high = muy por encima de lo habitual
flag-plain-critical-low = muy por debajo de lo habitual
flag-plain-abnormal = distinto de lo habitual
flag-plain-usual = dentro de lo habitual
flag-short-high = por encima
flag-short-low = por debajo
flag-short-critical-high = muy por encima
flag-short-critical-low = muy por debajo
plain-none = No se registró ningún valor.
plain-value = { $value }.
plain-inside = { $value }. Está dentro de lo habitual, que es { $range }.
plain-outside = { $value }. Está { $flag }, que es { $range }.
plain-flagged = { $value }. El laboratorio lo marcó como { $flag }.
plain-same = Es casi igual que en { $month }, cuando era { $value }.
plain-risen = Ha subido: era { $value } en { $month }.
plain-fallen = Ha bajado: era { $value } en { $month }.
gauge-below = Por debajo
gauge-usual = Lo habitual
gauge-above = Por encima
gauge-you = Usted { $value }

## Inicio del paciente

home-hello = Hola, { $name }
home-hello-nobody = Hola
home-lead-other = Este es su historial, como lo guarda la clínica.
home-lead = Este es su historial, como lo guarda la clínica. Usted ve quién lo mira.
home-coming = Próximas citas
home-coming-none = No hay ninguna cita
home-coming-none-more = En recepción pueden darle una.
home-new = Resultados nuevos
home-new-none = No hay resultados nuevos
home-new-none-more = Los resultados de las últimas semanas aparecen aquí en cuanto llegan.
home-record = Su historial
coming-line = { $time }, { $title }
coming-visit = Cita
coming-with = { $kind } con { $with }
new-result-line = { $date }
new-result-flagged = { $date }, { $flag }
looked-nobody = Nadie ha abierto su historial últimamente
looked-today =
    { $n ->
        [one] 1 persona abrió hoy su historial
       *[other] { $n } personas abrieron hoy su historial
    }
looked-month =
    { $n ->
        [one] 1 persona abrió su historial en los últimos 30 días
       *[other] { $n } personas abrieron su historial en los últimos 30 días
    }
looked-last = Última vez: { $who }, { $role }, { $when }.
looked-always = Quien lo abre queda apuntado antes de verlo, siempre.
sum-allergies-unknown = todavía no se lo hemos preguntado
sum-allergies-none = ninguna conocida
sum-medicines =
    { $n ->
        [0] ninguna por ahora
       *[other] { $n } para tomar
    }
sum-problems =
    { $n ->
        [0] ninguno ahora
       *[other] { $n } ahora
    }
my-results = Sus resultados
my-results-lead = Lo más reciente de cada prueba y medición. Abra una para ver qué significa y cómo ha cambiado.
my-results-none = Aparecen aquí en cuanto llegan.
my-group-results = Pruebas
my-group-measurements = Mediciones
my-group-answers = Preguntas y respuestas
my-medicines = Sus medicinas
my-medicines-lead = No deje ni cambie ninguna por su cuenta. Si algo de aquí no es lo que toma, díganoslo.
my-medicines-now = Para tomar ahora
my-medicines-past = Antes
my-medicines-none = No hay ninguna medicina registrada
my-medicines-none-more = Si toma algo, díganoslo en su próxima visita.
my-medicine-for = Para { $reason }
my-how-unknown = No está registrado cómo tomarla. Pregunte a su médico o en la farmacia.
my-allergies = Sus alergias
my-allergies-lead = Es lo primero que ve quien le atiende. Si falta alguna o está mal, díganoslo.
my-allergies-none = Nos ha dicho que no tiene ninguna
my-allergies-unknown = Todavía no le hemos preguntado por sus alergias
my-allergies-unknown-more = Si conoce alguna, díganoslo en recepción o en su próxima visita.
my-asked = Preguntado el { $date }.
my-recorded = registrada el { $date }
my-problems = Sus problemas de salud
my-problems-lead = Con las palabras que usa el personal. Pregúntenos si alguna no está clara.
my-problems-now = Ahora
my-problems-past = Antes
my-problems-none = No hay ningún problema de salud registrado
my-visits-past = Visitas hasta ahora
my-immunizations = Vacunas
my-immunizations-lead = Las que ha recibido, hasta donde sabe esta clínica.
my-immunizations-none = No hay ninguna vacuna registrada
my-documents-none-more = Aquí aparecen cartas e informes sobre usted.
result-yours = Su resultado
result-of = Resultado del { $date }
result-of-named = { $name }, resultado del { $date }
result-of-range = de { $range }
result-usual = Dentro de lo habitual, que es { $range }
result-plain = En palabras claras
result-plain-ask = Un valor suelto dice poco. Su médico sabe qué significa para usted.
result-course = Cómo ha cambiado
result-all = Todos sus resultados
result-about = Sobre este resultado
result-by = Medido por
result-taken = Tomado
my-col-compared = Comparado con lo habitual
my-within = dentro
key-outside = fuera de lo habitual
key-inside = dentro de lo habitual
key-no-range = No se dieron valores habituales para esto.

## Quién miró

look-title = Quién miró su historial
look-title-other = Quién miró este historial
look-lead-other = Quien abre, cambia o envía una parte de este historial queda apuntado aquí antes de ver nada. Nada en el sistema de la clínica borra una línea, y una comprobación descubre cualquier línea cambiada o quitada.
look-lead = Quien abre, cambia o envía una parte de su historial queda apuntado aquí antes de ver nada. Nada en el sistema de la clínica borra una línea, y una comprobación descubre cualquier línea cambiada o quitada.
look-checked = Comprobado el { $date }: completo y sin cambios.
look-who = Quién
look-when = Cuándo
look-why = Por qué
look-what = Qué
look-who-others = Todos menos yo
look-who-staff = Personal de la clínica
look-who-family = Familia
look-who-outside = De fuera de la clínica
look-who-refused = Rechazados
look-who-own = Yo
look-span-month = Últimos 30 días
look-span-year = Este año
look-span-all = Desde el principio
look-none = Nadie en este tiempo
look-none-more = Elija otro tiempo o «Todos menos yo» para ver más.
look-listed =
    { $n ->
        [one] Su nombre estaba en una lista que vio 1 persona
       *[other] Su nombre estaba en listas que vieron { $n } personas
    }
look-listed-more = Una lista muestra su nombre, fecha de nacimiento y número. Nada de su salud.
look-listing =
    { $n ->
        [one] una vez, { $time }
       *[other] { $n } veces, { $time }
    }
look-own =
    { $n ->
        [one] Usted abrió su propio historial una vez en este tiempo.
       *[other] Usted abrió su propio historial { $n } veces en este tiempo.
    }
look-own-other =
    { $n ->
        [one] Usted abrió este historial una vez en este tiempo.
       *[other] Usted abrió este historial { $n } veces en este tiempo.
    }
look-own-show = Mostrarlas
look-download = Descargar la lista
look-list-day = Día
look-list-from = Desde
look-list-until = Hasta
look-list-who = Quién
look-list-role = Función
look-list-why = Por qué
look-list-what = Qué
look-list-note = Nota
look-list-listed =
    { $n ->
        [one] Vio el nombre en una lista, una vez
       *[other] Vio el nombre en listas, { $n } veces
    }
look-you = Usted
look-opened = Abrió { $parts }
look-opened-record = Abrió el historial
look-sent = Envió { $parts }
look-sent-record = Envió el historial
look-tried = Intentó abrir { $parts }
look-tried-record = Intentó abrir el historial
look-did = { $did }: { $parts }
look-reason = «{ $reason }» Son sus palabras.
look-refused = Rechazado.
look-refused-more = No se mostró nada.
look-emergency = Acceso de emergencia.
look-emergency-more = Pregunte a la clínica si no sabe por qué.
actor-box = El sistema de la clínica
actor-box-job = El sistema ({ $job })
actor-gone = Una cuenta que ya no existe
actor-nobody = Alguien que no había iniciado sesión
actor-share = Quien tenía un enlace compartido
role-box = Ordenador
role-outside = De fuera de la clínica
role-service = Programa
show = Mostrar
outcome-success = Hecho
outcome-denied = Rechazado
outcome-failed = No funcionó
outcome-started = Empezado
act-read = abrió
act-vread = abrió una versión anterior
act-history = miró la historia
act-search = buscó
act-list = vio en una lista
act-count = contó
act-create = añadió
act-update = cambió
act-patch = cambió en parte
act-delete = borró
act-batch = envió varias peticiones
act-transaction = envió varios cambios juntos
act-validate = hizo comprobar un contenido
act-everything = se llevó una copia completa
act-export = exportó
act-summary = se llevó un resumen del historial
act-print = imprimió
act-download = descargó un documento
act-view = miró un documento
act-import = importó
act-upload = subió un documento
act-operation = ejecutó una operación
act-break-glass = abrió en una emergencia
act-break-glass-review = revisó un acceso de emergencia
act-break-glass-end = terminó un acceso de emergencia
act-consent-give = dio un consentimiento
act-consent-withdraw = retiró un consentimiento
act-proxy-grant = permitió que alguien actúe en su nombre
act-proxy-revoke = terminó que alguien actúe en su nombre
act-seal = selló
act-unseal = quitó el sello
act-release = publicó un resultado
act-message = envió un mensaje
act-prescribe = recetó
act-sign = firmó
act-book = reservó
act-cancel = canceló
act-check-in = registró la llegada
act-register = registró a un paciente
act-merge = unió dos historiales
act-request-made = hizo una solicitud
act-request-answered = respondió a una solicitud
act-share-made = creó un enlace para compartir
act-share-revoked = anuló un enlace compartido
act-share-opened = abrió un enlace compartido
act-disclosure = entregó información a alguien de fuera
act-sign-in = inició sesión
act-sign-out = cerró sesión
act-session-end = terminó una sesión
act-step-up = confirmó quién es
act-authenticate = mostró una clave o sesión
act-throttled = lo intentó demasiadas veces
act-password-change = cambió una contraseña
act-password-reset = dio una primera contraseña nueva
act-second-factor-add = añadió un segundo factor
act-second-factor-remove = quitó un segundo factor
act-passkey-add = añadió una llave de acceso
act-passkey-remove = quitó una llave de acceso
act-account-create = creó una cuenta
act-account-change = cambió una cuenta
act-role-change = cambió una función
act-account-disable = desactivó una cuenta
act-account-enable = activó una cuenta
act-invite = envió una invitación
act-accounts-read = miró las cuentas
act-token-create = creó una clave
act-token-revoke = anuló una clave
act-setup = instaló el sistema
act-approval-made = autorizó una exportación
act-approval-used = usó una autorización
act-refused = fue rechazado
act-audit-read = leyó el registro de accesos
act-audit-verify = comprobó el registro de accesos
act-audit-export = exportó el registro de accesos
act-checkpoint = firmó un punto de control del registro
act-detail-erase = borró el detalle de una entrada
act-epoch-open = continuó el registro tras una restauración
act-start = arrancó el sistema
act-stop = paró el sistema
act-unlock = desbloqueó el sistema
act-init = creó este sistema
act-command = ejecutó una orden
act-job = ejecutó una tarea
act-settings = cambió los ajustes
act-certificate = cambió un certificado
act-network = cambió los ajustes de red
act-status = miró el estado del sistema
act-backup = hizo una copia de seguridad
act-backup-verify = comprobó una copia de seguridad
act-backup-drill = probó a restaurar una copia de seguridad
act-backup-prune = quitó copias de seguridad antiguas
act-restore = restauró una copia de seguridad
act-key-slot-add = añadió una forma de desbloquear
act-key-slot-remove = quitó una forma de desbloquear
act-key-rotate = cambió la clave del almacén
act-sheet-print = imprimió una hoja de recuperación
act-formulary = importó medicinas
why-treat = Atención
    .you = Su atención
why-etreat = Atención de urgencia
    .you = Su atención en una urgencia
why-btg = Acceso de emergencia
    .you = Una emergencia
why-caremgt = Coordinación de la atención
    .you = Coordinación de su atención
why-hoperat = Funcionamiento de la clínica
    .you = Funcionamiento de la clínica
why-hpaymt = Pago
    .you = Pago de su atención
why-patadmin = Registro y citas
    .you = Su registro o una cita
why-patrqt = Petición del propio paciente
    .you = Usted lo pidió
why-famrqt = Petición de la familia
    .you = Su familia lo pidió
why-pwatrny = Para alguien por quien puede actuar
    .you = Puede actuar en su nombre
why-sysadmin = Cuidado del sistema
    .you = Cuidado del sistema de la clínica
why-hcompl = Normas y responsabilidad
    .you = Comprobar que se cumplen las normas
why-hqualimp = Mejora de la calidad
    .you = Mejora de la calidad de la atención
why-pubhlth = Salud pública
    .you = Salud pública
why-hresch = Investigación
    .you = Investigación
why-hlegal = Una obligación legal
    .you = Una obligación legal
why-coverage = Seguro
    .you = Su seguro
why-supnwk = Apoyo al paciente
    .you = Apoyo a usted
part-person =
    { $n ->
        [one] datos personales
       *[other] nombres y fechas de nacimiento de { $count } personas
    }
part-result =
    { $n ->
        [one] 1 resultado o medición
       *[other] { $count } resultados o mediciones
    }
part-report =
    { $n ->
        [one] 1 informe
       *[other] { $count } informes
    }
part-problem =
    { $n ->
        [one] 1 problema de salud
       *[other] { $count } problemas de salud
    }
part-allergy =
    { $n ->
        [one] 1 alergia
       *[other] { $count } alergias
    }
part-medicine =
    { $n ->
        [one] 1 medicina
       *[other] { $count } medicinas
    }
part-medicine-given =
    { $n ->
        [one] 1 registro de medicina administrada
       *[other] { $count } registros de medicinas administradas
    }
part-immunization =
    { $n ->
        [one] 1 vacuna
       *[other] { $count } vacunas
    }
part-visit =
    { $n ->
        [one] 1 visita
       *[other] { $count } visitas
    }
part-procedure =
    { $n ->
        [one] 1 procedimiento
       *[other] { $count } procedimientos
    }
part-document =
    { $n ->
        [one] 1 documento
       *[other] { $count } documentos
    }
part-appointment =
    { $n ->
        [one] 1 cita
       *[other] { $count } citas
    }
part-plan =
    { $n ->
        [one] 1 plan de atención u objetivo
       *[other] { $count } planes de atención u objetivos
    }
part-team =
    { $n ->
        [one] 1 equipo de atención
       *[other] { $count } equipos de atención
    }
part-picture =
    { $n ->
        [one] 1 serie de imágenes
       *[other] { $count } series de imágenes
    }
part-bill =
    { $n ->
        [one] 1 factura o papel del seguro
       *[other] { $count } facturas o papeles del seguro
    }
part-message =
    { $n ->
        [one] 1 mensaje
       *[other] { $count } mensajes
    }
part-order =
    { $n ->
        [one] 1 petición de prueba
       *[other] { $count } peticiones de pruebas
    }
part-consent =
    { $n ->
        [one] 1 consentimiento
       *[other] { $count } consentimientos
    }
part-family =
    { $n ->
        [one] 1 dato sobre la salud de la familia
       *[other] { $count } datos sobre la salud de la familia
    }
part-relative =
    { $n ->
        [one] 1 familiar o contacto
       *[other] { $count } familiares o contactos
    }
part-device =
    { $n ->
        [one] 1 dispositivo
       *[other] { $count } dispositivos
    }
part-other =
    { $n ->
        [one] 1 parte más del historial
       *[other] { $count } partes más del historial
    }

## Reservar una cita

book-title = Reservar una cita
book-button = Reservar una cita
book-not-urgent = No es para urgencias: si alguien está en peligro, llame enseguida al número de emergencias.
book-none = Todavía no se puede reservar ninguna cita aquí
book-call = Llámenos: { $phone }
book-how-instant = Elija una hora.
book-how-request = Díganos cuándo puede; le ofreceremos una hora.
book-how-view-only = La reservamos con usted.
book-anyone = Cualquiera
book-whom = Con quién
book-times-title = { $kind }: elija una hora
book-full = No hay nada libre en estos días
book-full-more = Mire días posteriores o elija a otra persona.
book-earlier = Días anteriores
book-later = Días posteriores
book-check = ¿Es correcto?
book-with = { $kind } con { $with }
book-now = Reservar
book-move = Cambiar a esta hora
book-other-time = Otra hora
book-other-kind = Otro tipo de cita
book-reason = ¿De qué se trata?
book-reason-hint = Lo ven su médico o enfermería; recepción no.
book-request-title = { $kind }: pedir una hora
book-request-lead =
    { $n ->
        [one] Dura 1 minuto. Díganos cuándo puede venir; recepción le responde con una hora.
       *[other] Dura { $n } minutos. Díganos cuándo puede venir; recepción le responde con una hora.
    }
book-from = Desde
book-until = Hasta
book-half = Momento del día
half-any = A cualquier hora
half-morning = Por la mañana
half-afternoon = Por la tarde
book-ask = Pedir una hora
book-from-wrong = Elija un día desde hoy que no esté demasiado lejos.
book-until-wrong = Elija un día que no sea anterior al primero.
book-taken = Otra persona acaba de tomar esta hora. No se ha reservado nada. Estas están libres:
book-twice = Tiene otra cita a esa hora. No se ha reservado nada. Estas están libres:
book-past = Esa hora ya pasó. No se ha reservado nada. Estas están libres:
book-done = Está reservada.
book-asked-done = Recepción tiene su petición y responderá con una hora.
book-cancelled-done = Está cancelada.
minutes-long =
    { $n ->
        [one] 1 minuto
       *[other] { $n } minutos
    }
visit-asked = Ha pedido una hora. Recepción responderá.
visit-offered = La clínica le ofrece esta hora
visit-booked = Reservada
visit-wanted = Puede venir: { $days }
visit-accept = Sí, tomo esta hora
visit-decline = No, esta hora no
visit-calendar = Guardar en mi calendario
visit-move = Elegir otra hora
visit-cancel = Cancelar esta cita
visit-until = Puede cambiarla aquí hasta el { $when }.
visit-too-late = Ya es tarde para cambiarla aquí.
visit-all = Todas mis citas
visit-open-it = Cambiar o cancelar
visits-asked = Ha pedido una hora
ics-summary = Cita en { $clinic }

## La propia cuenta

account-title = Su cuenta
my-sessions = Dónde tiene sesión abierta
session-this = Esta
session-line = Desde { $since }, último uso { $last }.
session-from = Desde { $origin }.
session-end = Cerrar
session-end-others = Cerrar todas las demás
device-on = { $browser } en { $system }
device-unknown = Un dispositivo que no dice qué es
account-language = Idioma
account-language-save = Usar este idioma
password-change = Cambiar su contraseña
password-current = Contraseña actual
password-new = Contraseña nueva
password-again = Contraseña nueva otra vez
password-save = Guardar la contraseña nueva
password-differs = No es igual que la línea de arriba.
password-wrong = Esta no es su contraseña actual. No se ha cambiado nada.
password-same = Esta es la contraseña que ya tiene. Elija otra.
new-password-title = Elija su propia contraseña
new-password-lead = La que tiene la eligió otra persona. Después de esto, solo usted la sabrá.

## Pruebas y mediciones en palabras claras

lab-hba1c = Azúcar en sangre a largo plazo
    .about = Esta prueba muestra el azúcar medio en su sangre en los últimos dos o tres meses.
lab-glucose = Azúcar en sangre
    .about = Esta prueba muestra cuánta azúcar había en su sangre en ese momento. Las comidas la cambian.
lab-egfr = Función de los riñones
    .about = Este valor estima lo bien que sus riñones limpian la sangre. Más alto es mejor.
lab-creatinine = Creatinina
    .about = La creatinina es un desecho de los músculos que eliminan los riñones. Ayuda a ver cómo funcionan.
lab-urea = Urea
    .about = La urea es un desecho de la comida y de las proteínas del cuerpo. La eliminan los riñones.
lab-sodium = Sodio
    .about = El sodio es una sal que mantiene en equilibrio el agua del cuerpo.
lab-potassium = Potasio
    .about = El potasio es una sal que los músculos y el corazón necesitan en su justa medida.
lab-chloride = Cloruro
    .about = El cloruro es una sal que va junto con el sodio.
lab-carbon-dioxide = Dióxido de carbono en sangre
    .about = Este valor ayuda a ver si la sangre no es ni demasiado ácida ni demasiado alcalina.
lab-calcium = Calcio
    .about = Los huesos, los nervios y los músculos necesitan calcio.
lab-cholesterol = Colesterol total
    .about = El colesterol es una grasa de la sangre. El total cuenta juntas la parte buena y la mala.
lab-ldl = Colesterol LDL
    .about = Esta parte del colesterol puede depositarse en los vasos. Más bajo es mejor.
lab-hdl = Colesterol HDL
    .about = Esta parte del colesterol retira grasa de los vasos. Más alto suele ser mejor.
lab-triglycerides = Triglicéridos
    .about = Los triglicéridos son grasas de la sangre que vienen de la comida. Comer antes de la prueba los sube.
lab-haemoglobin = Hemoglobina
    .about = La hemoglobina da el color rojo a la sangre y lleva el oxígeno. Si falta, uno se cansa y se pone pálido.
lab-haematocrit = Proporción de glóbulos rojos en la sangre
    .about = Este valor muestra qué parte de la sangre son glóbulos rojos.
lab-red-cells = Glóbulos rojos
    .about = Los glóbulos rojos llevan el oxígeno por el cuerpo.
lab-white-cells = Glóbulos blancos
    .about = Los glóbulos blancos luchan contra las infecciones. Muchas cosas distintas los suben o bajan.
lab-platelets = Plaquetas
    .about = Las plaquetas ayudan a cortar las hemorragias.
lab-mcv = Tamaño de los glóbulos rojos
    .about = El tamaño de los glóbulos rojos ayuda a saber por qué alguien tiene pocos.
lab-crp = Proteína C reactiva
    .about = Esta proteína sube cuando hay una inflamación o una infección en el cuerpo.
lab-alt = ALT, una enzima del hígado
    .about = Esta enzima sube cuando las células del hígado están irritadas.
lab-ast = AST, una enzima del hígado y los músculos
    .about = Esta enzima sube cuando las células del hígado o de los músculos están irritadas.
lab-alp = Fosfatasa alcalina
    .about = Esta enzima viene del hígado y de los huesos.
lab-bilirubin = Bilirrubina
    .about = La bilirrubina queda de los glóbulos rojos viejos. El hígado la elimina.
lab-albumin = Albúmina
    .about = La albúmina es una proteína que fabrica el hígado; muestra si está bien alimentado y cómo trabaja el hígado.
lab-protein = Proteínas en sangre
    .about = Este valor cuenta juntas todas las proteínas de su sangre.
lab-urine-albumin = Proteínas en orina
    .about = Los riñones sanos retienen las proteínas en la sangre. Si aparecen en la orina, puede ser una señal temprana de que necesitan cuidado.
lab-tsh = Control del tiroides (TSH)
    .about = Esta hormona dice al tiroides cuánto trabajar. Un valor alto suele indicar que el tiroides va lento.
lab-ferritin = Reserva de hierro (ferritina)
    .about = Este valor muestra cuánto hierro tiene guardado el cuerpo.
lab-vitamin-d = Vitamina D
    .about = Los huesos y los músculos necesitan vitamina D. La piel la fabrica con el sol.
lab-psa = PSA, un valor de la próstata
    .about = Esta proteína viene de la próstata. Muchas cosas inofensivas pueden subirla.
lab-inr = Coagulación de la sangre (INR)
    .about = Este valor muestra lo rápido que coagula la sangre. Guía la dosis de algunos anticoagulantes.
lab-blood-pressure = Tensión arterial
    .about = El primer número es la presión mientras late el corazón; el segundo, mientras descansa.
lab-pulse = Pulso
    .about = Cuántas veces late el corazón en un minuto.
lab-breathing = Respiración
    .about = Cuántas veces respira en un minuto.
lab-temperature = Temperatura
    .about = Lo caliente que está su cuerpo.
lab-oxygen = Oxígeno en sangre
    .about = Qué parte del color rojo de su sangre lleva oxígeno.
lab-weight = Peso
    .about = Lo que usted pesa.
lab-height = Estatura
    .about = Lo que usted mide.
lab-bmi = Peso según la estatura (índice de masa corporal)
    .about = Este número relaciona su peso con su estatura. No distingue el músculo de la grasa.
lab-head = Tamaño de la cabeza
    .about = En los niños pequeños, el crecimiento de la cabeza muestra cómo crece el cerebro.
lab-pain = Dolor
    .about = Lo fuerte que era su dolor, de 0, ninguno, a 10, el peor que pueda imaginar.
lab-smoking = Tabaco
    .about = Lo que nos contó sobre fumar.
lab-phq2 = Ánimo, dos preguntas
    .about = Dos preguntas sobre su ánimo en las últimas dos semanas. A partir de 3 puntos se hacen más preguntas.
lab-phq9 = Ánimo, nueve preguntas
    .about = Nueve preguntas sobre su ánimo en las últimas dos semanas. Más puntos significan una carga mayor.
lab-gad7 = Preocupación y tensión, siete preguntas
    .about = Siete preguntas sobre preocupación y tensión en las últimas dos semanas. Más puntos significan una carga mayor.
lab-audit-c = Alcohol, tres preguntas
    .about = Tres preguntas sobre cómo bebe alcohol. Más puntos significan más riesgo para su salud.
