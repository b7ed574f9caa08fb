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
sign-in-too-long = Su sesión terminó antes de enviar esto, así que no se ha hecho nada. Es demasiado largo para guardarlo aquí. Vuelva atrás en su navegador y cópielo si aún está allí; después inicie sesión y envíelo otra vez.
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
password-save = Guardar contraseña
password-differs = No es igual que la línea de arriba.
password-wrong = Esta no es su contraseña actual. No se ha cambiado nada.
password-same = Esta es la contraseña que ya tiene. Elija otra.
password-changed = Su contraseña ha cambiado. Se ha cerrado la sesión en los demás dispositivos.
new-password-title = Elija su propia contraseña
new-password-lead = La que tiene la eligió otra persona. Después de esto, solo usted la sabrá.
