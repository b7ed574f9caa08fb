## Quién miró

look-title = Quién ha visto su historial
look-title-other = Quién ha visto este historial
look-lead-other = Quien abre, cambia o envía una parte de este historial queda apuntado aquí antes de ver nada. Nada en el sistema de la clínica borra una línea, y una comprobación descubre cualquier línea cambiada o quitada.
look-lead = Quien abre, cambia o envía una parte de su historial queda apuntado aquí antes de ver nada. Nada en el sistema de la clínica borra una línea, y una comprobación descubre cualquier línea cambiada o quitada.
look-checked = Última comprobación: { $date }. Completo y sin cambios.
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
look-listed-other =
    { $n ->
        [one] El nombre de esta persona estaba en una lista que vio 1 persona
       *[other] El nombre de esta persona estaba en listas que vieron { $n } personas
    }
look-listed-more = Una lista muestra su nombre, fecha de nacimiento y número. Nada de su salud.
look-listed-more-other = Una lista muestra el nombre, la fecha de nacimiento y el número de esta persona. Nada de su salud.
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
look-another-patient = Otro paciente
look-another-proxy = Alguien que actúa por un paciente
look-unasked = Nadie lo pidió: se rechazó
look-theirs-too = También es suyo, como lo es una cita para varias personas
look-invited = Quien tenía el código de una invitación
look-invited-why = Para usar el portal
look-invited-made = Abrió una cuenta con el código
look-invited-tried = Probó un código
look-read-mark = Anotó que se leyó un mensaje
look-read-mark-why = Para que las dos partes vean que se leyó
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
act-history = miró las versiones anteriores
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
act-proxy-revoke = puso fin a que alguien actúe en su nombre
act-seal = marcó como reservado
act-unseal = quitó la reserva
act-release = publicó un resultado
act-message = envió un mensaje
act-withdraw = retiró algo que había añadido
act-message-read = leyó un mensaje
act-prescribe = recetó
act-sign = firmó
act-book = reservó una cita
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
part-unreleased =
    { $n ->
        [one] algo que un médico todavía está revisando
       *[other] algunas cosas que un médico todavía está revisando
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
        [one] 1 intervención
       *[other] { $count } intervenciones
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
        [one] 1 plan de cuidados u objetivo
       *[other] { $count } planes de cuidados u objetivos
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
part-clinic =
    { $n ->
        [one] 1 de los horarios y ajustes de la clínica
       *[other] { $count } de los horarios y ajustes de la clínica
    }
part-other =
    { $n ->
        [one] 1 parte más del historial
       *[other] { $count } partes más del historial
    }
