## Invitación al portal

join-title = Cree su cuenta
join-lead = En recepción le dieron una hoja con un código. Con él y su fecha de nacimiento abre aquí su historial.
join-code = Código
join-code-hint = Quince letras y cifras. Las mayúsculas, los espacios y los guiones no importan.
join-code-missing = Escriba el código de la hoja.
join-born = Su fecha de nacimiento
join-born-hint = Día, mes y año, por ejemplo 09.05.1967
join-born-unread = Escriba el día, el mes y el año con cuatro cifras, por ejemplo 09.05.1967.
join-wrong = El código y la fecha de nacimiento no se corresponden. Compruebe ambos o pregunte en recepción. Tras diez intentos el código deja de valer.
join-ended = Este código ya no vale. Pida otro en recepción.
join-wait = Demasiados intentos. Puede continuar a las { $time }.
join-next = Continuar
join-have = Ya tengo una cuenta
join-choose-title = Elija un nombre y una contraseña
join-choose-lead = A partir de ahora entrará con ellos.
join-user = Nombre de usuario
join-user-hint = De 2 a 64 letras, cifras y . _ - @, como halina.brandvold. No tiene que ser su propio nombre.
join-user-bad = El nombre de usuario tiene de 2 a 64 letras, cifras y . _ - @, y empieza por una letra o una cifra.
join-user-taken = Alguien tiene ya este nombre de usuario. Elija otro.
join-password = Contraseña
join-password-hint = Al menos 12 caracteres. Cuatro palabras que nadie adivinaría son una buena opción.
join-password-short = Esta contraseña es demasiado corta: al menos 12 caracteres.
join-password-bad = Esta contraseña se adivinaría demasiado pronto. Hágala más larga o elija palabras que no tengan que ver con usted.
join-again = La contraseña otra vez
join-again-differs = Las dos contraseñas no son iguales. Escríbalas de nuevo.
join-make = Crear la cuenta
