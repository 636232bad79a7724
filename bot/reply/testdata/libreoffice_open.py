# Opens an encrypted workbook in LibreOffice and prints its cells, one row a line.
# usage: libreoffice_open.py FILE PASSPHRASE PROFILE-FOLDER; exit code 3: LibreOffice did not open it.
import subprocess
import sys
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.lang import DisposedException


def prop(name, value):
    p = PropertyValue()
    p.Name, p.Value = name, value
    return p


def connect(pipe, office):
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    for _ in range(600):
        try:
            return resolver.resolve("uno:pipe,name=%s;urp;StarOffice.ComponentContext" % pipe)
        except NoConnectException:
            if office.poll() is not None:
                break
            time.sleep(0.1)
    sys.exit("LibreOffice did not start")


def main(path, passphrase, profile):
    pipe = "vanthu" + uno.generateUuid().value.hex()
    office = subprocess.Popen(["soffice", "-env:UserInstallation=" + uno.systemPathToFileUrl(profile), "--headless",
                               "--norestore", "--accept=pipe,name=%s;urp;" % pipe])
    context = connect(pipe, office)
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    try:
        document = desktop.loadComponentFromURL(uno.systemPathToFileUrl(path), "_blank", 0,
                                                (prop("Hidden", True), prop("Password", passphrase)))
        if document is None:
            return 3
        for sheet in document.Sheets:
            cursor = sheet.createCursor()
            cursor.gotoEndOfUsedArea(False)
            used = sheet.getCellRangeByPosition(0, 0, cursor.RangeAddress.EndColumn, cursor.RangeAddress.EndRow)
            print("# " + sheet.Name)
            for y, row in enumerate(used.DataArray):
                cells = [used.getCellByPosition(x, y) for x in range(len(row))]
                print("|".join(str(v) + ("" if c.Type.value in ("TEXT", "EMPTY") else " is a " + c.Type.value)
                               for v, c in zip(row, cells)))
        document.close(True)
        return 0
    except Exception as e:  # a wrong password is a WrongFormatException or ErrorCodeIOException, by version
        print(type(e).__name__, e, file=sys.stderr)
        return 3
    finally:
        try:
            desktop.terminate()
        except DisposedException:
            pass
        office.wait(30)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
