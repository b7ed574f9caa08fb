## Invited to the portal

join-title = Make your account
join-lead = You got a sheet with a code at the reception. With it and your birth date you open your own record here.
join-code = Code
join-code-hint = Fifteen letters and digits. Capitals, spaces and hyphens do not matter.
join-code-missing = Type the code on the sheet.
join-born = Your birth date
join-born-hint = Day, month, year, such as 09.05.1967
join-born-unread = Type the day, the month and the year in four digits, such as 09.05.1967.
join-wrong = Code and birth date do not belong together. Look at both again, or ask at the reception. After ten tries the code ends.
join-ended = This code is good no more. Ask at the reception for another one.
join-wait = Too many tries. You can go on at { $time }.
join-next = Go on
join-have = I have an account
join-choose-title = Choose a name and a password
join-choose-lead = You sign in with these from now on.
join-user = User name
join-user-hint = 2 to 64 letters, digits and . _ - @, such as halina.brandvold. It need not be your own name.
join-user-bad = A user name has 2 to 64 letters, digits and . _ - @, and begins with a letter or a digit.
join-user-taken = Somebody has this user name. Choose another one.
join-password = Password
join-password-hint = At least 12 characters. Four words that nobody would guess are good.
join-password-short = This password is too short: at least 12 characters.
join-password-bad = This password would be guessed too soon. Make it longer, or choose words that have nothing to do with you.
join-again = The password once more
join-again-differs = The two passwords are not the same. Type both again.
join-make = Make the account
