"""Write a jar with a tag library of one tag: make-taglib.py JAR."""

import sys
import zipfile

TLD = """<?xml version="1.0" encoding="UTF-8"?>
<taglib xmlns="https://jakarta.ee/xml/ns/jakartaee" version="3.0">
  <tlib-version>1.0</tlib-version><short-name>s</short-name><uri>urn:scenario</uri>
  <tag-file><name>hello</name><path>/META-INF/tags/hello.tag</path></tag-file>
</taglib>
"""

with zipfile.ZipFile(sys.argv[1], "w") as jar:
    jar.writestr("META-INF/scenario.tld", TLD)
    jar.writestr("META-INF/tags/hello.tag", '<%@ tag body-content="empty" %>hello from the jar')
