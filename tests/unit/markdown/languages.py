"""Programs in many languages, and lines of prose that look a little like one of them."""

PROGRAMS = {
    "python": """\
# Initialise:
import numpy as np
from math import pi, sqrt as root
class Circle(Shape):
    def area(self, scale=1.0):
        return scale * pi * self.r ** 2
for k in range(0, 10):
    total += values[k]
if total > 3 and not done:
    print(f"total: {total}")
else:
    total = None""",
    "sympy": """\
k,m=sp.symbols('k,m');
# Eingabe:
q_k=7*k/(m-4);
# Ergebnis:
sp.pprint(q_k);""",
    "c": """\
#include <stdio.h>
int main(int argc, char *argv[])
{
    unsigned int i, n = 10;
    for (i = 0; i < n; i++) {
        printf("%d\\n", i * i);
    }
    return 0;  /* all is well */
}""",
    "c++": """\
std::vector<int> v;
v.push_back(3);
std::cout << v.size() << std::endl;
auto it = std::find(v.begin(), v.end(), 3);""",
    "java": """\
import java.util.List;
public class Stack<T> {
    private List<T> items = new ArrayList<>();
    public void push(T item) {
        items.add(item);
    }
    @Override
    public String toString() { return items.toString(); }
}""",
    "javascript": """\
const total = items.map(x => x.price).reduce((a, b) => a + b, 0);
function greet(name) {
  if (name === undefined) { return; }
  console.log(`Hello, ${name}!`);
}
document.querySelector("#go").addEventListener("click", greet);""",
    "typescript": """\
import { readFile } from "fs";
interface Point { x: number; y: number; }
let origin: Point = { x: 0, y: 0 };
export function norm(p: Point): number { return Math.hypot(p.x, p.y); }""",
    "go": """\
package main;
func add(a int, b int) int {
    sum := a + b
    return sum
}""",
    "rust": """\
use std::collections::HashMap;
fn main() {
    let mut counts = HashMap::new();
    counts.insert("a", 1);
    println!("{}", counts.len());
}""",
    "sql": """\
CREATE TABLE staff (id INT PRIMARY KEY, name VARCHAR(20));
SELECT name, COUNT(*) FROM staff
WHERE id > 3
GROUP BY name;
INSERT INTO staff VALUES (1, 'Ann');""",
    "embedded sql": """\
run()
{ EXEC SQL WHENEVER NOT FOUND GOTO out;
char town[30]; int size[2];
EXEC SQL OPEN towns;
gets_line("%d", size);
while (more)
{ EXEC SQL FETCH towns INTO :town;
if (size[0] > 9) break;""",
    "shell": """\
#!/bin/sh
set -e
export PATH=$HOME/bin:$PATH
for f in *.txt; do
  grep -c "^#" "$f" > counts.log
done
if [ -n "$1" ]; then
  echo "done: $1"
fi""",
    "session": """\
$ git clone https://example.org/a.git
$ cd a && make install
$ ls -l /tmp""",
    "matlab": """\
% plot of the field
x = linspace(0, 2*pi, 100);
y = sin(x).^2;
plot(x, y);
if any(y > 1)
    disp('too high');
end""",
    "r": """\
x <- c(1, 2, 3)
fit <- lm(y ~ x, data = frame)
summary(fit)
plot(fit$residuals)""",
    "php": """\
<?php
$total = 0;
foreach ($items as $item) {
    $total += $item['price'];
}
echo "Total: $total";""",
    "perl": """\
my ($self, %args) = @_;
my $name = $args{name} || 'x';
if ($name =~ /^a/) {
    print "$name\\n";
}""",
    "ruby": """\
require 'set'
def sum(list)
  total = list.inject(0) { |a, b| a + b }
  puts "sum: #{total}"
end""",
    "pascal": """\
var i: integer;
begin
  i := 3;
  while i > 0 do
  begin
    writeln('i = ', i);
    i := i - 1;
  end;
end.""",
    "lisp": """\
(defun square (x)
  (* x x))
(setq total (square 3))""",
    "html": """\
<html>
<head><title>A page</title></head>
<body class="wide">
<div id="top">Hello</div>
</body>
</html>""",
    "c#": """\
using System;
namespace Demo {
    public static void Main(string[] args) {
        Console.WriteLine("Hello");
        var total = args.Length + 1;
    }
}""",
}  # fmt: skip

PROSE = """\
# Parameter:
#3 in the list of best sellers
# of enrolled patients
# enc-layers
#hashtag is trending; see below;
The result is x = 5; y = 3;
He came; he saw; he left;
the tenant shall pay the rent in advance;
(a) the tenant shall pay; and
(b) the landlord (if asked) agrees;
widgets, gears and other parts;
import duties (see below);
from Paris (import) to London;
return to sender;
for example, see (3);
if the following conditions hold:
while stocks last:
class of 1984:
public service (national);
let us assume that x = 5.
Let x = 3 and y = 4.
x = 5
x = 5 cm; y = 7 cm;
E = mc^2
F(x) = x^2 + 1
f(x)
a = 2, b = 3
p < 0.05; n = 12;
In case (2), we have f(x) = 0;
Smith et al. (2001); Jones (2003);
e.g. print(ed) matter, i.e. books;
Total: 5 * 3 = 15 EUR
AT&T; R&D; C#; C++;
-- said the captain
// cf. the first edition
; a comment that nobody needs
* p < 0.05, ** p < 0.01
make the bed and clean the house
find the sum of 3 and 4
$ 500 per month
SELECT COMMITTEE ON TRADE
FROM THE DESK OF THE DIRECTOR
INSERT TAB A INTO SLOT B
UPDATE ON THE CASE
Use the door; mind the gap;
begin
end of the story
Note: this is not so (yet);
Tel. (030) 123-456; Fax: -457
http://example.org/a_b;
15.00; 16.00; 17.00
a)
Plot:
1.2.3 Results
Ausgabe: siehe unten;
Wir erhalten a=0; das ist die Lösung;
\\(a=3\\); \\(b=4\\);
Yours sincerely,
[1] A. Author, Title (2001).
{see below}
- one; two; three
int. rate (p.a.);
do, re, mi;
case closed;
default is 5;
this is new;""".split("\n")
