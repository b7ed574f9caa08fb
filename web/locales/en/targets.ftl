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
