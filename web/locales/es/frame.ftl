### Lo que leen los pacientes, en español. Claro, amable y exacto: qué ha pasado, qué no se ha dañado, qué hacer ahora.
### Las páginas del personal están en inglés.

## El marco de cada página

skip = Ir al contenido principal
demo-label = Demostración
demo-ribbon = Demostración: aquí nada está protegido.
demo-ribbon-more = Todas las personas son inventadas. No escriba nada sobre una persona real.
nav-main = Principal
nav-inbox = Bandeja
nav-today = Hoy
nav-patients = Pacientes
nav-audit = Registro de accesos
nav-approvals = Autorizaciones
nav-health = Estado
nav-settings = Ajustes
nav-formulary = Formulario
nav-backups = Copias de seguridad
nav-day = Día
nav-schedule = Calendario
nav-duplicates = Duplicados
nav-booking-requests = Peticiones de cita
nav-accounts = Cuentas
nav-keys = Claves
nav-home = Inicio
nav-results = Resultados
nav-medicines = Medicinas
nav-problems = Problemas de salud
nav-allergies = Alergias
nav-visits = Citas
nav-messages = Mensajes
nav-documents = Documentos
nav-who-looked = Quién lo ha visto
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

form-choose = Elija
form-most = Hasta { $most } caracteres.
form-too-long = Es demasiado largo: { $n } caracteres. Aquí caben hasta { $most }.
form-optional = opcional
form-faults =
    { $n ->
        [one] Hay 1 cosa que corregir antes de continuar
       *[other] Hay { $n } cosas que corregir antes de continuar
    }
form-fault-of = { $field }: { $sentence }
form-kept = Su texto de { $when } está guardado y aparece abajo.
form-kept-file = El archivo que había elegido no está guardado: elíjalo otra vez.
keep-ended = Su sesión ha terminado. Lo que escribe aquí se guarda para usted. Al enviarlo se le pide iniciar sesión, y vuelve a estar aquí.
keep-failed = No se ha podido guardar lo que escribe. Envíelo, o copie el texto.
unsent = No hay red: esto no se ha enviado. Lo que escribió sigue aquí. Envíelo otra vez cuando haya red.
form-kept-discard = Empezar de nuevo
form-meanwhile = Esto cambió después de que usted lo abriera, así que lo que envió no se ha guardado. No se ha sobrescrito nada.
    .kept = Lo que escribió aparece abajo. Donde el historial dice ahora otra cosa, aparece al lado. Compare y guarde lo que deba quedar, o deje lo que hay ahora.
    .typed = Así está ahora. Lo que había escrito se guarda hasta que deje lo que hay ahora.
form-meanwhile-take = Dejar lo que hay ahora
form-gone = La página donde escribió esto ya no está.
    .typed = Sus palabras se guardan aquí. Copie lo que todavía necesite y luego quítelas.
form-gone-take = Quitar las palabras
record-joined = El historial que abrió se unió a este. Este es el que continúa.
record-joined-sent = El historial al que envió esto se unió mientras tanto a este, así que no se hizo nada. Lo que escribió se guarda para este historial: revíselo aquí y vuelva a enviarlo.
form-now = Ahora dice: { $now }
form-now-nothing = nada

## Qué salió mal

problem-not-understood = No hemos podido leer esta petición
    .more = La dirección o el formulario no estaban completos. No se ha cambiado nada. Vuelva atrás e inténtelo otra vez.
problem-not-signed-in = Primero inicie sesión
    .more = No se ha abierto nada.
problem-not-for-role = Su función no incluye esto
    .more = No se ha cambiado nada. Si lo necesita, pregunte a la administración de salud de la clínica.
problem-stale-form = Esta página estuvo abierta demasiado tiempo
    .more = No se ha guardado nada. Se hizo antes de su último inicio de sesión. Vuelva atrás, cargue la página de nuevo y envíela otra vez.
    .kept = Se hizo antes de su último inicio de sesión. No se ha hecho nada, y lo que escribió está guardado: cargue la página de nuevo, revísela y envíela otra vez.
problem-other-record = Esta página era para otro historial
    .more = Entretanto ha elegido el historial de otra persona. No se ha enviado nada, para que nada llegue a quien no debe. Elija el historial para el que era y escríbalo allí.
    .kept = Entretanto ha elegido el historial de otra persona. No se ha enviado nada, para que nada llegue a quien no debe. Lo que escribió está guardado: elija el historial para el que era, revíselo y envíelo allí.
problem-nothing-here = Aquí no hay nada, o nada que usted pueda ver
    .more = Puede que la dirección esté mal escrita o que el enlace sea antiguo.
problem-no-record = Todavía no tiene abierto ningún historial
    .more = Su cuenta funciona, pero no lleva al historial de nadie: nadie le ha dado permiso, o el permiso terminó. En recepción pueden vincularle. Si cuida de alguien, esa persona también puede darle allí el permiso.
problem-not-granted = Esto no está abierto para usted
    .more = La persona por quien actúa le deja ver su historial y no cambiar nada. No se ha enviado ni guardado nada. Si había escrito algo, vuelva atrás en su navegador: sigue allí. Esa persona puede permitirle más en «Quién actúa por usted».
    .appointments = Quien le deja actuar eligió solo citas y mensajes. Lo que concierne a su salud no está abierto para usted, haya lo que haya. No se ha enviado ni guardado nada. Esa persona puede permitirle más en «Quién actúa por usted».
problem-try-again = Mirar otra vez
problem-not-this-way = Esta dirección no funciona así
    .more = No se ha cambiado nada. Empiece de nuevo desde su página de inicio.
problem-changed-meanwhile = Esto ha cambiado entretanto
    .more = No está como cuando usted abrió la página. No se ha sobrescrito nada. Cárguelo de nuevo, compare y decida.
problem-gone = Esto se ha borrado
    .more = Sus versiones anteriores se conservan.
problem-proof-needed = Confirme otra vez que es usted
    .more = No se ha cambiado nada. Cierre la sesión, vuelva a entrar e inténtelo otra vez.
problem-other-name = Este sistema tiene otro nombre
    .more = No responde en la dirección que ha usado. Ábralo con el nombre que muestra su página de bienvenida.
problem-took-too-long = Esto ha tardado demasiado
    .more = No hemos esperado más. Puede que lo que envió se haya guardado de todos modos: compruébelo antes de volver a enviarlo.
problem-too-much-at-once = Esto es más de lo que abrimos de una vez
    .more = No se ha cambiado ni perdido nada. Tiene más partes de las que una página puede leer juntas. El sistema que lo envió puede enviarlo en partes más pequeñas.
problem-too-large = Esto es demasiado grande
    .more = Lo máximo es { $most }. No se ha guardado nada. Vuelva atrás y elija algo más pequeño. Mire si todo lo que escribió sigue allí.
problem-long-text = Es más texto del que podemos recibir de una vez
    .more = No se ha guardado nada. Vuelva atrás en el navegador y mire si todo lo que escribió sigue allí. Después acórtelo, o envíelo en varias partes.
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
problem-back = Volver al inicio
problem-again = Cargar de nuevo
problem-foot = Si no esperaba esto, diga al personal de la clínica qué iba a hacer.
sent-already = Ya lo envió
    .more = Se envió exactamente lo mismo { $when }. No se ha enviado otra vez.
sent-already-see = Ver lo que se envió
sent-already-again = Enviarlo otra vez
print-head = { $clinic }, impreso el { $now } por { $by }
print-head-own = de su historial en { $clinic }, impreso el { $now }
