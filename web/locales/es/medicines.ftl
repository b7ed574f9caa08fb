### Las medicinas como las leen los pacientes, las dosis en palabras y si una receta en papel sigue siendo válida.

medicine-said-not-taken = no la toma, dice el paciente
medicine-said-not-taken-for = no la toma, dice quien actúa por el paciente
medicine-not-taking = No la toma
medicine-unknown = Estado desconocido
medicine-may-be-taken = no se sabe si se toma
medicines-not-to-give = No se debe dar
medicine-not-to-give = No se debe dar
medicine-planned = Prevista, sin receta
not-to-give-of = se dice de: { $how }
not-to-give-why = por: { $reason }
medicine-of-ended-on = Su receta se terminó el { $date }
medicine-of-ended = Su receta se terminó
medicine-over = Su tiempo terminó
medicine-time-over = Su tiempo terminó el { $date }
medicine-not-begun = Aún no empieza
medicine-not-begun-on = Aún no empieza: desde el { $date }
medicine-reported-not-taken = Se informó de que no se toma
medicine-reported-not-taken-why = Se informó de que no se toma: { $reason }
medicine-reported-not-taken-by = Según { $by }, no se toma
medicine-reported-not-taken-by-why = Según { $by }, no se toma: { $reason }
refill-not-taken = El paciente dice que no toma esta medicina.
refill-not-taken-because = El paciente dice que no toma esta medicina: { $reason }
refill-not-taken-for = Quien actúa por el paciente dice que no toma esta medicina.
refill-not-taken-for-because = Quien actúa por el paciente dice que no toma esta medicina: { $reason }
medicine-prescribed-other = Su receta es de { $name }
medicine-prescribed-otherwise = Su receta dice otra cosa
medicine-not-named = Medicina sin nombre ({ $place })
not-named = Sin nombre
result-recording =
    { $n ->
        [one] Un registro de 1 valor
       *[other] Un registro de { $n } valores
    }
ratio-in = { $upper } en { $lower }
result-no-value = Sin valor
result-absent = Sin valor: { $reason }
result-panel = Un grupo de resultados
result-not-shown = Aquí hay algo que esta página no puede mostrar
result-modified = Aquí hay algo que cambia lo que esto significa, y esta página no puede mostrarlo
result-said-normal = Marcado como normal por quien hizo la prueba
result-in-doubt = No se sabe si este valor es válido
result-of-another = No es sobre la propia persona
result-about-whom = Sobre: { $whom }
result-site = Dónde: { $what }
result-method = Método: { $what }
result-specimen = Muestra: { $what }
result-device = Aparato: { $what }
value-unit-missing = { $value } (unidad no registrada)
value-without-unit = { $value } (sin unidad)
ratio-upper = { $value }, sin aquello con lo que se compara
ratio-lower = Comparado con { $value }, sin valor
interpretation-susceptible = sensible
interpretation-intermediate = intermedio
interpretation-resistant = resistente
interpretation-negative = negativo
interpretation-not-detected = no detectado
interpretation-indeterminate = indeterminado
interpretation-reactive = reactivo
interpretation-not-reactive = no reactivo

## Dosis

unit-tablet =
    { $n ->
        [one] { $count } comprimido
       *[other] { $count } comprimidos
    }
unit-capsule =
    { $n ->
        [one] { $count } cápsula
       *[other] { $count } cápsulas
    }
unit-puff =
    { $n ->
        [one] { $count } inhalación
       *[other] { $count } inhalaciones
    }
unit-dose =
    { $n ->
        [one] { $count } dosis
       *[other] { $count } dosis
    }
unit-application =
    { $n ->
        [one] { $count } aplicación
       *[other] { $count } aplicaciones
    }
unit-drop =
    { $n ->
        [one] { $count } gota
       *[other] { $count } gotas
    }
dose-single = una sola vez
dose-for-days =
    { $n ->
        [one] durante 1 día
       *[other] durante { $n } días
    }
dose-when-needed-for = si hace falta: { $reason }
dose-range = { $low } a { $most }
dose-most-day = no más de { $most } al día
dose-most = no más de { $most } en { $period }
dose-at-least = al menos { $amount }
dose-up-to = hasta { $amount }
dose-below = menos de { $amount }
dose-above = más de { $amount }
dose-in = { $amount } en { $period }
dose-rate = a un ritmo de { $rate }
dose-kind = { $kind }: { $dose }
dose-most-once = no más de { $most } cada vez
dose-most-ever = no más de { $most } en toda la vida
dose-site = en esta parte del cuerpo: { $site }
dose-method = de esta manera: { $method }
dose-count =
    { $n ->
        [one] una vez en total
       *[other] { $n } veces en total
    }
dose-times-only =
    { $n ->
        [one] una vez, y no consta en cuánto tiempo
       *[other] { $n } veces, y no consta en cuánto tiempo
    }
dose-lasting = a lo largo de { $length } cada vez
dose-for = durante { $length }
dose-on = el { $date }
dose-from = desde el { $date }
dose-until = hasta el { $date }
dose-then = después { $next }
dose-each-time = { $text } ({ $parts } cada vez)
dose-recorded-as = { $text } (consta como: { $parts })
dose-not-all = Esto no es todo: consta más sobre cómo tomarla de lo que se puede decir aquí
dose-every-other =
    { $times ->
        [one] una vez cada { $length }
       *[other] { $times } veces cada { $length }
    }
length-seconds =
    { $n ->
        [one] { $n } segundo
       *[other] { $n } segundos
    }
length-minutes =
    { $n ->
        [one] { $n } minuto
       *[other] { $n } minutos
    }
length-hours =
    { $n ->
        [one] { $n } hora
       *[other] { $n } horas
    }
length-days =
    { $n ->
        [one] { $n } día
       *[other] { $n } días
    }
length-weeks =
    { $n ->
        [one] { $n } semana
       *[other] { $n } semanas
    }
length-months =
    { $n ->
        [one] { $n } mes
       *[other] { $n } meses
    }
length-years =
    { $n ->
        [one] { $n } año
       *[other] { $n } años
    }
when-morning = por la mañana
when-noon = a mediodía
when-evening = por la tarde-noche
when-night = por la noche
when-before-meals = antes de las comidas
when-before-breakfast = antes del desayuno
when-after-breakfast = después del desayuno
when-with-food = con comida
when-after-meals = después de las comidas
when-morning-early = a primera hora de la mañana
when-morning-late = a última hora de la mañana
when-afternoon = después del mediodía
when-afternoon-early = a primera hora después del mediodía
when-afternoon-late = a media tarde
when-evening-early = a primera hora de la noche
when-evening-late = a última hora de la noche
when-asleep = después de dormirse
when-at-once = enseguida
when-before-sleep = antes de dormir
when-after-waking = después de despertarse
when-with-breakfast = con el desayuno
when-with-lunch = con la comida de mediodía
when-with-dinner = con la cena
when-before-lunch = antes de la comida de mediodía
when-before-dinner = antes de la cena
when-after-lunch = después de la comida de mediodía
when-after-dinner = después de la cena
when-offset = { $when } (con { $length } de diferencia)

## Vías de administración

route-mouth = por la boca
route-skin = sobre la piel
route-inhaled = inhalada
route-under-skin = bajo la piel
route-muscle = en un músculo
route-vein = en una vena
route-nose = en la nariz
route-eye = en el ojo
route-ear = en el oído
route-rectum = en el recto
route-vagina = en la vagina
route-tongue = bajo la lengua

## La lista

my-medicine-more = Renovar, o avisar de que no la toma
my-medicine-more-other = Renovar, o avisar de que no se toma
my-medicine-taking = Avisar de que no la toma
my-medicine-taking-other = Avisar de que no se toma
my-medicine-paused-why = Por qué está en pausa: { $reason }
my-medicine-prescribed = recetada el { $date }
my-medicine-ended-on = recetada el { $date }, terminada el { $end }
my-medicine-end-unknown = recetada el { $date }; no consta cuándo terminó
my-medicine-ended = Por qué terminó: { $reason }
my-medicines-all = Todas sus medicinas
refill-waits = Renovación pedida: { $date }. La clínica todavía no ha respondido.
refill-waits-unseen = Renovación pedida: { $date }. Nadie de la clínica lo ve: llame.
refill-question = La clínica pregunta antes de renovarla: { $question }
refill-refused = Su última petición fue rechazada: { $reason }
refill-title = Pedir una renovación
refill-note = Algo que debamos saber
refill-answer = Su respuesta
refill-note-hint = Por ejemplo, cuánto le queda o en qué farmacia la recoge.
refill-ask = Pedir la renovación
refill-asked-done = La petición está enviada. Le avisaremos cuando haya respuesta.
refill-asked-before = Ya se pidió la renovación de esta medicina y todavía no hay respuesta. No se ha enviado otra vez.
taking-not-active = Esta medicina ya no está recetada, así que no se ha anotado nada. Si quiere decir algo de ella, escríbanos un mensaje o llámenos.
refill-typed = Lo que había escrito
refill-sealed = Nadie de la clínica ve ahora esta medicina: está reservada o se les niega. Lo que se pida o se diga de ella aquí no les llega hasta que se les deje verla.
refill-sealed-done = Queda guardado en el historial. Nadie de la clínica lo ve: dígaselo usted, por teléfono por ejemplo.
refill-not-active = Esta medicina ya no está recetada, así que no se ha pedido nada. Escríbanos un mensaje o llámenos.
taking-title = ¿La toma?
taking-title-other = ¿La está tomando?
not-taking-lead = Si no toma esta medicina, díganoslo. Sigue recetada; su clínica ve lo que usted dice y hablará con usted.
not-taking-lead-other = Si no está tomando esta medicina, díganoslo. Sigue recetada; la clínica ve lo que usted dice y hablará con usted.
not-taking-lead-unseen = Aquí se puede anotar que no se toma esta medicina. Nadie de la clínica lo ve.
not-taking-noted = Anotado: no se toma. Nadie de la clínica lo ve.
not-taking-why = Por qué, si quiere decirlo
not-taking = No la tomo
not-taking-said = Nos dijo que no toma esta medicina.
not-taking-said-other = Nos dijeron que no la está tomando.
not-taking-said-for = Alguien que actúa por usted nos dijo que no toma esta medicina.
not-taking-because = El motivo que se dio: { $reason }
taking-again = La tomo otra vez
not-taking-done = Gracias. Su clínica ve que no la toma.
not-taking-done-other = Gracias. La clínica ve que no la está tomando.
taking-done = Gracias. Su clínica ve que la toma otra vez.
taking-done-other = Gracias. La clínica ve que la vuelve a tomar.

## Si una receta en papel sigue siendo válida

counts-title = ¿Es válida esta receta?
counts-active = Esta receta está activa
counts-paused = Esta receta está en pausa
counts-renewed = Esta receta se renovó: vale una posterior
counts-changed = Esta receta se cambió: vale una posterior
counts-stopped = Esta receta se suspendió
counts-over = El plazo de esta receta ha terminado
counts-not-known = No se sabe si esta receta sigue siendo válida. Pregunte a la clínica.
counts-issued = La emitió { $clinic } el { $date }.
counts-unknown = Aquí no existe esta receta
    .more = Compruebe que la dirección está completa. Si lo está, pregunte a la clínica que figura en el papel.
counts-about = Esta página no dice nada del paciente ni de la medicina. Compare el papel con lo que le han entregado.
my-ended-done = Ya no hace falta
my-ended-side-effects = Efectos secundarios
my-ended-no-effect = No ayudó
my-ended-patient-wish = El paciente no la quiere
my-ended-interaction = No va bien con otra medicina
my-ended-other = Otro motivo
