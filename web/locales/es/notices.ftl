### Avisos. Dicen que algo espera, solo por su clase, y nunca qué es: también salen del sistema por correo electrónico.

notices = Avisos
notices-lead = Lo que hay nuevo para usted. Qué es, lo verá al abrirlo.
notices-unread =
    { $n ->
        [one] 1 sin leer
       *[other] { $n } sin leer
    }
notices-none = No hay avisos
notices-none-more = Cuando algo le espere, aparecerá aquí.
notices-read-all = Marcar todo como leído
notice-unread = Sin leer

## A los pacientes

notice-kind-visit-booked = Se ha reservado una cita para usted.
notice-kind-visit-changed = Una de sus citas ha cambiado.
notice-kind-visit-cancelled = Una de sus citas se ha anulado.
notice-kind-visit-not-offered = La clínica no ha podido ofrecer la hora que pidió.
notice-kind-visit-reminder = Pronto tiene una cita.
notice-kind-visit-offered = La clínica le ofrece una hora para una cita.
notice-kind-waitlist-offer = Ha quedado libre una hora más temprana para una cita.
notice-kind-message-new = Tiene un mensaje nuevo de la clínica.
notice-kind-result-released = Hay un resultado nuevo en su historial.
notice-kind-result-taken-back = Se retiró un resultado o una medición: era un error.
notice-kind-refill-answered = Han contestado a su petición de renovar una receta.
notice-kind-request-answered = Han contestado a una solicitud suya.
notice-kind-emergency-access = Su historial se ha abierto en una emergencia.
notice-kind-share-opened = Alguien ha abierto un resumen que usted compartió.
notice-kind-share-ended = Un resumen que usted compartió se ha cerrado, tras demasiados PIN equivocados.
notice-kind-record-corrected = Se ha corregido algo en su historial.
notice-kind-document-new = Hay un documento nuevo en su historial.
notice-kind-proxy-changed = Ha cambiado quién puede actuar por usted.
notice-kind-medicine-changed = Su lista de medicinas ha cambiado.
notice-kind-access-answered = Han contestado a su pregunta sobre quién lo ha visto.

## A la clínica

notice-kind-patient-wrote = Un paciente ha escrito un mensaje.
notice-kind-booking-asked = Un paciente ha pedido una cita.
notice-kind-refill-asked = Un paciente ha pedido renovar una receta.
notice-kind-form-returned = Un paciente ha devuelto un formulario.
notice-kind-patient-uploaded = Un paciente ha añadido un documento.
notice-kind-result-to-sign = Un resultado espera firma.
notice-kind-emergency-to-review = Un historial se ha abierto en una emergencia.
notice-kind-access-questioned = Un paciente cuestiona un acceso a su historial.
notice-kind-request-made = Un paciente ha hecho una solicitud.
notice-kind-visit-called-off = Un paciente ha anulado una cita.
notice-kind-medicine-not-taken = Un paciente no toma una medicina.

## Lo mismo, a quien actúa en nombre del paciente

notice-kind-visit-booked-other = Se ha reservado una cita.
notice-kind-visit-changed-other = Ha cambiado una cita.
notice-kind-visit-cancelled-other = Se ha anulado una cita.
notice-kind-visit-not-offered-other = La clínica no ha podido ofrecer una hora que se pidió.
notice-kind-visit-reminder-other = Pronto hay una cita.
notice-kind-visit-offered-other = La clínica ofrece una hora para una cita.
notice-kind-message-new-other = Hay un mensaje nuevo de la clínica.
notice-kind-result-released-other = Hay un resultado nuevo en el historial.
notice-kind-result-taken-back-other = Se retiró un resultado o una medición: era un error.
notice-kind-refill-answered-other = Se ha contestado la petición de una receta.
notice-kind-request-answered-other = Se ha contestado una solicitud.
notice-kind-emergency-access-other = Se abrió el historial en una urgencia.
notice-kind-record-corrected-other = Se ha corregido algo en el historial.
notice-kind-document-new-other = Hay un documento nuevo en el historial.
notice-kind-medicine-changed-other = Ha cambiado la lista de medicinas.
