var kind = mc.getProperty('query.param.kind');
var names = ['Margherita', 'Marinara', 'Funghi', 'Tonno', 'Diavola', 'Capricciosa', 'Napoli', 'Siciliana', 'Hawaii', 'Rucola'];
var items = [];
for (var i = 0; i < names.length; i++) {
  items.push({
    id: i + 1,
    name: names[i],
    price: (8 + i / 2).toFixed(2),
    vegetarian: i % 3 === 0
  });
}
if (kind === 'vegetarian') {
  items = items.filter(function (item) { return item.vegetarian; });
}
mc.setProperty('CONTENT_TYPE', 'application/json');
mc.setProperty('HTTP_SC', kind === 'none' ? '404' : '200');
mc.setProperty('X-Kind', String(kind), 'transport');
mc.setPayloadJSON({
  kind: kind, count: items.length, items: items
});
