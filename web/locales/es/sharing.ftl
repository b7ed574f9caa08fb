## Compartir: el resumen, los enlaces, quien actúa por uno, lo reservado

nav-share = Compartir
nav-summary = Resumen
summary-title = Resumen del paciente
summary-lead = Las partes más importantes del historial, como las necesita otro médico. Véalo primero; después imprímalo o entréguelo.
summary-print = Imprimirlo
summary-born = nacimiento: { $date }
summary-of = Resumen del paciente, { $date }
summary-allergies = Alergias
summary-allergies-none = Sin alergias conocidas
summary-allergies-unknown = Nunca se ha preguntado
summary-medicines = Medicinas
summary-problems = Problemas de salud
summary-past = Problemas de salud pasados
summary-immunizations = Vacunas
summary-results = Últimos resultados
summary-results-more =
    { $n ->
        [one] y 1 prueba más, que está en el historial
       *[other] y { $n } pruebas más, que están en el historial
    }
summary-procedures = Intervenciones
summary-plans = Planes de cuidados
summary-nothing = No hay nada registrado
summary-nothing-here = Nada en este resumen
summary-left-out = Lo reservado no aparece aquí, así que esto puede no ser todo.
summary-sealed = Reservado, y está en esta página
summary-sealed-more = Lo ve porque es su historial. Un enlace no lo incluye. En papel, o si enseña esta página, se puede leer.
summary-without = Los mensajes, las notas y los documentos nunca forman parte de un resumen. Lo reservado nunca forma parte de lo que se comparte.
share-title = Compartir su resumen
share-lead = Dé a otro médico las partes más importantes de su historial, durante el tiempo que quiera. Puede terminarlo en cualquier momento y ve cada vez que se abre.
share-new = Nuevo enlace
share-label = Para quién
share-label-hint = Por ejemplo «Fisioterapia Bahía». Solo lo ve usted.
share-label-missing = Diga para quién es.
share-how-long = Abierto durante
share-days =
    { $n ->
        [one] 1 día
       *[other] { $n } días
    }
share-days-missing = Elija cuánto tiempo está abierto.
share-make = Crear un enlace y un PIN
share-reaches-portal = El enlace funciona donde se alcance el portal de la clínica. Si eso es posible desde fuera de su red, lo decide la clínica.
share-reaches-clinic = El portal está desconectado. El enlace funciona solo dentro de la red de la clínica: a nadie le sirve en otro lugar. Para esas personas, imprima el resumen.
share-nowhere = Aquí no se pueden crear enlaces, porque ninguna dirección de la clínica los atiende. Imprima el resumen.
share-yours = Lo que comparte
share-none = No comparte nada
share-none-more = Aquí aparece lo que comparte, con el día en que termina y cuántas veces se ha abierto.
share-open-until = Abierto hasta el { $date }
share-ended-on = Terminado el { $date }
share-ended-wrong = Terminado el { $date }, tras demasiados PIN equivocados
share-over = Acabado desde el { $date }
share-opened =
    { $n ->
        [one] Abierto una vez: { $last }
       *[other] Abierto { $n } veces, la última el { $last }
    }
share-opened-never = Aún no se ha abierto
share-wrong-pins =
    { $n ->
        [one] Se probó 1 PIN equivocado
       *[other] Se probaron { $n } PIN equivocados
    }
share-end = Dejar de compartir ahora
share-over-count =
    { $n ->
        [one] 1 enlace terminado
       *[other] { $n } enlaces terminados
    }
share-see = Antes de compartir
share-see-more = Lo que ve quien abre un enlace
share-done-ended = Ha dejado de compartirse. El enlace ya no abre nada.
share-done-made = El enlace se creó. Su PIN se mostró entonces y no se muestra otra vez; cree otro si no lo guardó.
share-too-many = Hay { $n } enlaces abiertos, que es el máximo. Termine uno que ya no haga falta.
share-all = Todo lo que comparte
share-made-title = Para { $label }
share-made-lead = Entregue el enlace o la imagen y diga el PIN por otro camino: por teléfono o en persona.
share-pin = PIN, para decirlo aparte
share-until = Abierto hasta
share-link = Enlace
share-hand-on = Enviar el enlace
share-copy = Copiar el enlace
share-copied = El enlace está copiado. El PIN no va con él.
share-code = Código, sin el enlace
share-code-more = Se escribe en { $place }
share-qr = Escanéelo con la cámara de un teléfono. El PIN no está dentro.
share-qr-spoken = El enlace como código QR
share-once = El PIN y el enlace se muestran ahora y nunca más.
share-ten = Diez PIN equivocados terminan el enlace para siempre.
shared-title = Un resumen de paciente para usted
shared-lead = Alguien comparte con usted una parte de su historial. Necesita el PIN que le ha dicho esa persona.
shared-code = Código
shared-code-hint = La parte del enlace que va detrás del signo #, o el enlace entero.
shared-pin = PIN
shared-pin-hint = Seis cifras.
shared-show = Mostrarlo
shared-file = Como archivo para otro sistema
shared-told = La persona de quien es el historial ve cada vez que se abre. En este navegador no queda nada guardado.
shared-not-opened = No se ha abierto nada
shared-wrong-pin =
    { $n ->
        [one] Este PIN no corresponde a este enlace. Queda un intento; después el enlace termina para siempre.
       *[other] Este PIN no corresponde a este enlace. Quedan { $n } intentos; después el enlace termina para siempre.
    }
shared-over = Este enlace ha terminado. Pida otro a esa persona.
shared-unknown = Este enlace no es de esta clínica, o le falta una parte. Copie el enlace entero o escanee la imagen otra vez.
people-title = Quién actúa por usted
people-short = Alguien que ve o gestiona su historial con usted
consents-title = Partes reservadas
consents-short = Quién puede ver lo que está marcado como delicado

## Personas que actúan por uno

people-lead = Alguien de su confianza puede ver su historial u ocuparse de él por usted. Usted elige hasta dónde y hasta cuándo, y puede terminarlo en cualquier momento.
people-add = Dejar que alguien actúe por usted
people-none = Nadie actúa por usted
people-none-more = Aquí aparece a quien se lo permita, con lo que puede hacer y hasta cuándo.
people-ended = Terminado
people-until-line = Hasta el { $date }
people-by-clinic = Registrado por la clínica
people-end = Terminarlo ahora
people-done-ended = Ha terminado. Esa persona ya no ve nada.
people-done-made = Esta persona puede actuar por usted. Su código se mostró al crearlo y no se muestra otra vez.
people-add-lead = Recibe un código para esta persona. Con él crea una cuenta propia; no dé nunca a nadie su contraseña.
people-name = Nombre de esa persona
people-name-hint = Como aparecerá en «Quién lo ha visto».
people-name-missing = Escriba el nombre de la persona.
people-name-long = Este nombre es demasiado largo: el máximo son { $most } caracteres.
people-relation = Qué relación tiene con usted
people-relation-missing = Diga qué relación tiene con usted.
people-extent = Qué puede hacer
people-extent-missing = Elija qué puede hacer esta persona.
people-until = Hasta cuándo
people-until-hint = Último día del permiso. Déjelo vacío para «hasta que yo lo termine».
people-until-wrong = Elija un día que no haya pasado, o ninguno.
people-never = Elija lo que elija, no puede compartir su historial con otros, dejar que otros actúen por usted ni ver lo reservado.
people-allow = Permitirlo
relation-partner = Pareja
relation-child = Hijo o hija
relation-parent = Madre o padre
relation-sibling = Hermano o hermana
relation-friend = Amigo o amiga
relation-other = Otra persona
extent-view = Ver
    .more = Lee su historial y no cambia nada.
    .may = Puede ver su historial
extent-full = Ver y gestionar
    .more = Lee, pide citas, escribe mensajes, solicita medicinas, añade mediciones y documentos.
    .may = Puede ver y gestionar su historial
extent-appointments = Solo citas y mensajes
    .more = Ve cuándo, con quién y de qué tipo son sus citas, las pide y las cambia, y escribe a la recepción. El motivo de una visita, los mensajes sobre su salud y el resto de su historial no están abiertos para esta persona.
    .may = Puede ocuparse solo de citas y mensajes
people-invited = { $name } puede actuar por usted
people-invited-lead = Dé este código a esa persona y a nadie más.
people-code = Código
people-code-where = Se escribe en
people-code-until = Válido hasta
people-code-once = El código sirve una vez, y se muestra ahora y nunca más. Si se pierde, termine esto y empiece de nuevo.
proxy-invitation-title = Actuar por alguien
proxy-invitation-lead = Alguien le deja actuar por él o por ella y le ha dado un código. Cree con él una cuenta propia.
proxy-invitation-code = Código
proxy-invitation-code-hint = Doce letras y cifras. Los espacios no importan.
proxy-invitation-code-missing = Escriba el código que le dieron.
proxy-invitation-user = Nombre de usuario
proxy-invitation-user-hint = De 2 a 64 letras, cifras y . _ - @, como halina.brandvold. No tiene que ser su propio nombre.
proxy-invitation-user-missing = Elija un nombre de usuario.
proxy-invitation-password = Contraseña
proxy-invitation-again = La contraseña otra vez
proxy-invitation-not-the-same = Las dos contraseñas no son iguales.
proxy-invitation-not-good = Este código no sirve, o ya no: los códigos sirven una vez, durante siete días. Pida otro.
proxy-invitation-make = Crear mi cuenta
proxy-invitation-made = Su cuenta está hecha. Inicie sesión con el nombre de usuario y la contraseña que eligió.
proxy-invitation-have = ¿Ya tiene una cuenta aquí, como paciente o por otra persona?
proxy-invitation-have-link = Inicie sesión y escriba el código allí
acting-title = Qué historial está viendo
acting-lead = Con una sola cuenta puede ver su propio historial y actuar por quienes le dan permiso. Cada persona ve cuándo mira usted el suyo.
acting-none = No hay nadie por quien actúe
acting-none-more = Nadie le ha dado permiso para actuar, o el permiso terminó. Quien lo dio puede darle un código nuevo.
acting-is-own = Su propio historial
acting-is-other = Usted actúa en su nombre
acting-current = Ahora está viendo este historial.
acting-look = Ver este historial
acting-code-title = Actuar por otra persona más
acting-code-lead = Alguien le deja actuar en su nombre y le dio un código: escríbalo aquí y esta cuenta actuará también por esa persona.
acting-code-add = Actuar por esa persona
acting-code-own = Este código es para actuar por usted. Déselo a la persona que va a actuar en su nombre.
acting-added = Ahora actúa por una persona más.
acting-end = Dejar de actuar en su nombre
acting-end-more = A partir de entonces no verá el historial de { $name } ni podrá hacer nada en él. Se avisará a { $name }, que lo verá en «Quién lo ha visto». Lo que usted hizo hasta ahora se conserva. Para volver a actuar en su nombre necesitará un permiso nuevo.
acting-end-button = Dejar de actuar ahora
acting-given-up = Ya no actúa en nombre de esta persona.
acting-ended = Ya no puede actuar por la persona cuyo historial veía.
acting-ended-own = Ya no puede actuar por la persona cuyo historial veía. Este es su propio historial.
acting-now = Está viendo: { $name }.
acting-now-more = Usted actúa en su nombre; queda registrado cuándo mira.
acting-own = Está viendo: su propio historial.
acting-somebody = Está actuando por otra persona.
acting-change = Cambiar

## Lo reservado

consents-lead = Algunas partes de un historial están reservadas: nadie de la clínica las ve si usted no lo permite. Un cambio vale al momento.
consents-emergency = En una emergencia, un médico puede abrir lo reservado indicando un motivo. Cada vez se lo decimos a usted y a la persona que administra los datos de salud.
consents-done-on = Desde ahora lo ve el personal que le atiende.
consents-done-off = Desde ahora vuelve a estar reservado.
consents-done-on-refused = Usted deja que se vea. Otro consentimiento lo niega, así que no lo ve todo el personal de la clínica.
consents-done-off-open = Usted ya no deja que se vea. Otro consentimiento todavía lo abre.
consents-done-ended = El consentimiento ha terminado. Lo que decía ya no vale.
unseen = Nadie de la clínica ve ahora su historial, salvo en una emergencia: así lo dice su consentimiento. Lo que escriba, envíe o añada aquí no le llega a nadie allí. Si les necesita, llame, o termine ese consentimiento en:
unseen-other = Nadie de la clínica ve ahora este historial, salvo en una emergencia: así lo dice un consentimiento. Lo que escriba, envíe o añada aquí no le llega a nadie allí. Si les necesita, llame.
unseen-asks = Nadie de la clínica ve ahora su historial, salvo en una emergencia: así lo dice su consentimiento. Lo que pida en las solicitudes le llega de todos modos a quien administra los datos de salud. Puede terminar ese consentimiento en:
unseen-asks-other = Nadie de la clínica ve ahora este historial, salvo en una emergencia: así lo dice un consentimiento. Lo que se pida en las solicitudes le llega de todos modos a quien administra los datos de salud.
unseen-kept = Queda guardado en el historial. Nadie de la clínica lo ve mientras un consentimiento se lo niegue.
unseen-kept-sealed = Queda guardado en el historial. Nadie de la clínica lo ve mientras esté reservado o se les niegue.
consents-others = Otros consentimientos de su historial
consents-others-more = Los registró la clínica u otro programa. Valen igual que lo que usted elige arriba, y puede poner fin a cada uno.
consent-of = Consentimiento del { $date }
consent-undated = Consentimiento, sin fecha registrada
consent-lets = Permite a { $whom } ver: { $what }
consent-refuses = No permite a { $whom } ver: { $what }
consent-refuses-more = Cuando termine, volverán a verlo si usted no lo reserva.
consent-until = { $said }. Hasta el { $date }
consent-from = { $said }. Desde el { $date }
consent-whom-clinic = el personal de la clínica
consent-whom-one = una persona de la clínica
consent-everything = su historial
consent-end = Poner fin a este consentimiento
seal-open = Lo ve el personal que le atiende
seal-open-some = Lo ven algunas personas de la clínica
seal-by-other = Otro consentimiento lo abre. Los que usted puede terminar están abajo; los demás los termina la clínica.
seal-refused = Usted deja que se vea, pero otro consentimiento lo niega a algunas personas o a todas.
seal-closed = Reservado: solo lo ve usted
seal-let = Dejar que la clínica lo vea
seal-close = Reservarlo de nuevo
seal-restricted = Restringido
    .more = Lo que se marcó como restringido, por el motivo que sea.
seal-very-restricted = Estrictamente confidencial
    .more = Lo que se marcó para que lo vean muy pocos.
seal-mental-health = Salud mental
    .more = Enfermedad y tratamiento de la mente, notas de psicoterapia.
seal-substance-use = Alcohol y otras sustancias
    .more = Consumo, dependencia y tratamiento.
seal-infection = VIH e infecciones de transmisión sexual
    .more = Pruebas, resultados y tratamiento.
seal-sexual-health = Salud sexual y reproductiva
    .more = Anticoncepción, embarazo, fertilidad.
seal-violence = Violencia y maltrato
    .more = Lo que se contó o se encontró sobre ello.
seal-other = Genética y otras partes delicadas
    .more = Enfermedades hereditarias y lo demás que se marcó como delicado.
actor-share-for = Enlace compartido para «{ $label }»
summary-paused = en pausa por ahora
summary-reported = medido por el paciente
