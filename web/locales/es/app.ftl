## El portal como aplicación

app-title = En su teléfono
app-lead = El portal puede estar entre sus aplicaciones. Es el mismo portal, y se entra como siempre.
app-install = Ponerlo en la pantalla de inicio
app-install-android = En Android: abra el menú del navegador y elija «Instalar aplicación» o «Añadir a pantalla de inicio».
app-install-apple = En un iPhone o iPad: toque el botón de compartir y después «Añadir a pantalla de inicio».
app-offline = Su resumen sin red
app-offline-more = Guarde su resumen de paciente en este dispositivo, para poder mostrarlo donde no hay red. Solo se guarda el resumen, con lo reservado, y solo en este dispositivo. Desaparece al cerrar la sesión, y la próxima vez que se abra este portal con red después de que la sesión haya terminado.
app-offline-who = Quien pueda desbloquear este dispositivo podrá leerlo, también sin su contraseña. No lo active en un dispositivo que usen otras personas.
app-offline-own = Un dispositivo solo guarda el resumen propio, no el de una persona por quien usted actúa.
app-needs-script = Esto necesita JavaScript, que está desactivado en este navegador.
app-kept = Está guardado en este dispositivo.
app-not-kept = No está guardado en este dispositivo.
app-keep = Guardar mi resumen aquí
app-forget = Quitarlo de este dispositivo
offline-title = Sin red
offline-lead = Ahora no se puede llegar a la clínica desde aquí.
offline-leaving-title = La sesión sigue abierta
offline-leaving-lead = Ahora no se puede llegar a la clínica desde aquí. Lo que guardaba este dispositivo se ha borrado, pero su sesión en la clínica sigue abierta. Termina sola si no se usa.
offline-leaving-then = Cuando haya red, cierre la sesión otra vez.
offline-again = Intentar de nuevo
offline-summary = Mi resumen, si está guardado aquí
offline-emergency = En una emergencia, llame al número de emergencias.
