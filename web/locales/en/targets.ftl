## The operator: the places of backups

place-folder = Folder
place-sftp = SFTP server
place-s3 = S3 bucket
try-run = Test this place
tried-last = Last test
tried-works = Works, { $date }
tried-not = Did not work, { $date }
tried-how = A file was written, read back and removed, in { $millis } ms.
tried-free = { $free } are free there.

## The operator: until when old backups stay

keys-old-until = Backups made until now go on opening by the sheets and passphrases of now, also after a change, until about { $date }: then the last of them is removed, if backups go on as they do.
keys-old-stay = Backups made until now go on opening by the sheets and passphrases of now, also after a change, until you remove them: they are in no place of the configuration.
