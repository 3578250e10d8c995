"""Makes messages of an order with zeep, and reads answers: microseconds for one of each."""

import logging
import time

from lxml import etree
from zeep.wsdl import Document
from zeep.transports import Transport
from zeep import Settings

logging.disable(logging.CRITICAL)

WSDL = """<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:o='urn:orders' targetNamespace='urn:orders'
 xmlns:x='http://www.w3.org/2001/XMLSchema' xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/'><types>
<x:schema targetNamespace='urn:orders' elementFormDefault='qualified'>
<x:complexType name='item'><x:sequence><x:element name='id' type='x:int'/><x:element name='name' type='x:string'/>
<x:element name='price' type='x:decimal'/><x:element name='inStock' type='x:boolean'/></x:sequence></x:complexType>
<x:element name='order'><x:complexType><x:sequence><x:element name='items' type='o:item' minOccurs='0' maxOccurs='unbounded'/>
<x:element name='note' type='x:string' minOccurs='0'/></x:sequence></x:complexType></x:element>
<x:element name='orderResponse'><x:complexType><x:sequence><x:element name='number' type='x:int'/>
<x:element name='sum' type='x:decimal'/><x:element name='note' type='x:string'/></x:sequence></x:complexType></x:element>
</x:schema></types><message name='I'><part name='p' element='o:order'/></message><message name='O'><part name='p' element='o:orderResponse'/></message>
<portType name='P'><operation name='order'><input message='o:I'/><output message='o:O'/></operation></portType>
<binding name='B' type='o:P'><soap:binding transport='http://schemas.xmlsoap.org/soap/http'/><operation name='order'>
<soap:operation soapAction='urn:order'/><input><soap:body use='literal'/></input><output><soap:body use='literal'/></output></operation></binding>
<service name='S'><port name='P' binding='o:B'><soap:address location='http://h/'/></port></service></definitions>"""

ANSWER = (b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><o:orderResponse xmlns:o='urn:orders'>"
          b"<o:number>12345</o:number><o:sum>1234.5</o:sum><o:note>thank you</o:note></o:orderResponse></s:Body></s:Envelope>")

with open("zeep.wsdl", "w", encoding="utf-8") as file:
    file.write(WSDL)
document = Document("zeep.wsdl", Transport(), settings=Settings())
operation = document.services["S"].ports["P"].binding.get("order")

items = [{"id": n, "name": f"article {n}", "price": n + 0.5, "inStock": True} for n in range(1, 160)]
COUNT = 300
start = time.process_time()
for _ in range(COUNT):
    etree.tostring(operation.create(items=items, note="x").content)
    operation.process_reply(etree.fromstring(ANSWER))
print((time.process_time() - start) / COUNT * 1e6)
