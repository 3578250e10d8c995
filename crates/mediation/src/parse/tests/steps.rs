//! Every mediator, and its outline.

use super::*;

#[test]
fn properties() {
    check(r#"<property name="a" value="b"/>"#, r#"property default a = "b""#);
    check(
        r#"<property name="a" value="${x}&amp;{y}" scope="default"/>"#,
        r#"property default a = "${x}&{y}""#,
    );
    check(
        r#"<property name="HTTP_SC" expression="$ctx:status" scope="axis2" type="INTEGER"/>"#,
        "property axis2 HTTP_SC = Integer $ctx:status",
    );
    check(
        r#"<Property name="X-A" scope="transport" action="remove" value="old"/>"#,
        "property transport X-A removed",
    );
    check(
        r#"<property name="{$ctx:which}" scope="transport" value="1"/>"#,
        r#"property transport {$ctx:which} = "1""#,
    );
    check(
        r#"<property name="id" expression="$ctx:path" pattern="/a/(\d+)" group="1"/>"#,
        r"property default id = $ctx:path group 1 of //a/(\d+)/",
    );
    check(
        r#"<property name="j" type="JSON" value='{"a":1}'/>"#,
        r#"property default j = Json "{\"a\":1}""#,
    );
    check(
        r#"<property name="x" type="OM"><a b="1">t</a></property>"#,
        r#"property default x = Om XML "<a b=\"1\">t</a>""#,
    );
    check(
        r#"<propertyGroup><property name="a" value="1"/><property name="b" value="2"/></propertyGroup>"#,
        "propertyGroup\n  property default a = \"1\"\n  property default b = \"2\"",
    );
    check(r#"<variable name="v" type="INTEGER" value="3"/>"#, r#"variable v = Integer "3""#);
    check(r#"<variable name="v" expression="${payload.a}"/>"#, "variable v = ${payload.a}");
    check(r#"<variable name="v" action="remove"/>"#, "variable v removed");
}

#[test]
fn headers() {
    check(r#"<header name="To" value="https://b/x"/>"#, r#"header To = "https://b/x""#);
    check(r#"<header name="To" expression="$ctx:to"/>"#, "header To = $ctx:to");
    check(r#"<header name="To" action="remove"/>"#, "header To removed");
    check(r#"<header name="Action" value="urn:a"/>"#, r#"header Action = "urn:a""#);
    check(r#"<header name="X-A" scope="transport" value="1"/>"#, r#"property transport X-A = "1""#);
    check(r#"<header xmlns:s="urn:s" name="s:Token" value="1"/>"#, r#"header {urn:s}Token = "1""#);
    check(
        r#"<header><s:Token xmlns:s="urn:s">1</s:Token></header>"#,
        r#"header {urn:s}Token = XML "<s:Token xmlns:s=\"urn:s\">1</s:Token>""#,
    );
}

#[test]
fn decisions_are_asked_for() {
    check(
        "<opa><serverUrl>http://a:8181/v1/data/</serverUrl><policy>/shop/authz</policy></opa>",
        "opa http://a:8181/v1/data/shop/authz within 30000 ms",
    );
    check(
        r#"<opa><serverUrl>https://a</serverUrl><policy>p</policy><rule>allow</rule>
             <requestGenerator>org.wso2.carbon.apimgt.gateway.opa.APIMOPARequestGenerator</requestGenerator>
             <additionalParameters><parameter name="sendAccessToken">true</parameter>
               <parameter name="additionalMCProperties">a, b</parameter>
               <parameter name="maxOpenConnections">500</parameter>
               <parameter name="connectionTimeout">5</parameter></additionalParameters></opa>"#,
        "opa https://a/p/allow within 5000 ms with the token with a, b",
    );
    let (sequence, _) = read(
        "<opa><serverUrl>https://a</serverUrl><policy>p</policy><accessKey>s3cret</accessKey></opa>",
    );
    let printed = sequence.map(|it| it.to_string()).unwrap_or_default();
    assert!(printed.contains("with key #") && !printed.contains("s3cret"), "{printed}");
}

#[test]
fn filters() {
    check(r#"<filter xpath="$trp:X-A"><drop/></filter>"#, "filter $trp:x-a\n  then\n    drop");
    check(
        r#"<filter source="$trp:X-A" regex="eu|us">
             <then><respond/></then>
             <else sequence="audit"/>
           </filter>"#,
        "filter $trp:x-a matches /eu|us/\n  then\n    respond\n  else\n    sequence audit",
    );
    check(
        r#"<filter xpath="boolean($ctx:a)"><else><drop/></else></filter>"#,
        "filter boolean($ctx:a)\n  then\n  else\n    drop",
    );
}

#[test]
fn switches() {
    check(
        r#"<switch source="$trp:X-Region">
             <!-- the old one -->
             <case regex="eu"><header name="To" value="https://eu"/></case>
             <case regex="us" sequence="audit"/>
             <default><drop/></default>
           </switch>"#,
        "switch $trp:x-region\n  case /eu/\n    header To = \"https://eu\"\n  case /us/\n    sequence audit\n  default\n    drop",
    );
    check(r#"<switch source="get-property('To')"/>"#, "switch get-property($ctx:To)");
}

#[test]
fn sequences() {
    check(r#"<sequence key="audit"/>"#, "sequence audit");
    check(r#"<sequence key="{$ctx:next}"/>"#, "sequence {$ctx:next}");
    check(r#"<sequence name="x" onError="fault"><drop/></sequence>"#, "on error fault\ndrop");
    check(
        r#"<sequence><drop/></sequence><sequence onError="fault"><respond/></sequence>"#,
        "sequence\n  drop\nsequence\n  on error fault\n  respond",
    );
    check(
        r#"<foreach id="f" expression="json-eval($.items)"><sequence><property name="a" value="1"/></sequence></foreach>"#,
        "foreach $.items\n  sequence\n    property default a = \"1\"",
    );
    check(
        r#"<foreach collection="${payload.items}" counter-variable="i" parallel-execution="false" sequence="audit"/>"#,
        "foreach ${payload.items} counted in i\n  sequence audit",
    );
}

#[test]
fn logs() {
    check("<log/>", r#"log Simple as Info, separated by ", ""#);
    check(
        r#"<log level="custom" category="FATAL" separator="|"><property name="a" value="b"/><property name="c" expression="$ctx:c"/></log>"#,
        "log Custom as Error, separated by \"|\"\n  a = \"b\"\n  c = $ctx:c",
    );
    check(
        "<log level='FULL'><message>plain</message></log>",
        "log Full as Info, separated by \", \"\n  message plain",
    );
}

#[test]
fn sending() {
    check("<send/>", "send");
    check(r#"<send><endpoint><default/></endpoint></send>"#, "send to To");
    check(
        r#"<send><endpoint name="e"><address uri="https://b/x"/></endpoint></send>"#,
        "send to address https://b/x",
    );
    check(
        r#"<call blocking="true"><endpoint><http method="get" uri-template="{uri.var.base}/x"/></endpoint></call>"#,
        "call GET to {uri.var.base}/x",
    );
    check(
        r#"<call><endpoint><http uri-template="http://b/{uri.var.id}"/></endpoint></call>"#,
        "call to http://b/{uri.var.id}",
    );
    check(r#"<call><endpoint key="canary"/></call>"#, "call to endpoint canary");
    check(r#"<call><endpoint key-expression="$ctx:e"/></call>"#, "call to endpoint {$ctx:e}");
    check("<respond/>", "respond");
    check("<loopback/>", "loopback");
    check("<send/><drop/>", "send\ndrop");
}

#[test]
fn payloads() {
    check(
        r#"<payloadFactory media-type="json">
             <format>{"a":"$1","b":${payload.b},"price":"$0"}</format>
             <args><arg expression="$ctx:a"/></args>
           </payloadFactory>"#,
        "payloadFactory Json \"{\\\"a\\\":\\\"\" $1 \"\\\",\\\"b\\\":\" ${payload.b} \",\\\"price\\\":\\\"$0\\\"}\"\n  $1 = $ctx:a",
    );
    check(
        r#"<payloadFactory media-type="text"><format><![CDATA[a < $1]]></format><args><arg value="{x}" literal="true"/></args></payloadFactory>"#,
        "payloadFactory Text \"a < \" $1\n  $1 = \"{x}\" (literal)",
    );
    check(
        r#"<payloadFactory>
             <format><a xmlns="urn:a" b="$1"><!-- no --><c>${vars.n > 1}</c></a></format>
             <args><arg expression="$.x" evaluator="json"/></args>
           </payloadFactory>"#,
        "payloadFactory Xml \"<a xmlns=\\\"urn:a\\\" b=\\\"\" $1 \"\\\"><c>\" ${vars.n > 1} \"</c></a>\"\n  $1 = $.x",
    );
}

#[test]
fn the_namespace_of_mediators_is_none_of_a_body() {
    check(
        r#"<sequence xmlns="http://ws.apache.org/ns/synapse"><payloadFactory><format><a><b/></a></format></payloadFactory></sequence>"#,
        r#"payloadFactory Xml "<a><b/></a>""#,
    );
}

#[test]
fn enriching() {
    check(
        r#"<enrich><source type="body" clone="true"/><target type="property" property="kept"/></enrich>"#,
        "enrich Replace property kept from a copy of body",
    );
    check(
        r#"<enrich><source type="inline">{"a":1}</source><target xpath="json-eval($.b)" action="child"/></enrich>"#,
        r#"enrich Child $.b from text "{\"a\":1}""#,
    );
    check(
        r#"<enrich><source type="inline"><x/></source><target type="body"/></enrich>"#,
        r#"enrich Replace body from XML "<x/>""#,
    );
    check(
        r#"<enrich><target type="custom" xpath="json-eval($.secret)" action="remove"/></enrich>"#,
        "enrich Remove $.secret from a copy of body",
    );
    check(
        r#"<enrich><source type="property" property="kept"/><target type="variable" variable="v"/></enrich>"#,
        "enrich Replace variable v from property kept",
    );
    check(
        r#"<enrich><source type="inline">n</source><target type="key" xpath="json-eval($.old)"/></enrich>"#,
        r#"enrich Replace key of $.old from text "n""#,
    );
}

#[test]
fn rewriting() {
    check(
        r#"<rewrite inProperty="in" outProperty="out">
             <rewriterule>
               <condition><and><equal type="url" source="host" value="a"/><not><match type="header" source="X-A" regex="b.*"/></not></and></condition>
               <action type="replace" regex="x" value="y" fragment="path"/>
               <action type="remove" fragment="ref"/>
             </rewriterule>
             <rewriterule><action value="https" fragment="protocol"/></rewriterule>
           </rewrite>"#,
        "rewrite out from in\n  (Host is \"a\" and not header x-a matches /b.*/)\n    Replace Path /x/ \"y\"\n    Remove Reference\n  always\n    Set Protocol \"https\"",
    );
}

#[test]
fn faults() {
    check(
        r#"<makefault version="soap11" response="true"><code value="soap11Env:Server"/><reason expression="$ctx:ERROR_MESSAGE"/><role/><detail>d</detail></makefault>"#,
        "makefault Soap11 as an answer\n  code \"Server\"\n  reason $ctx:ERROR_MESSAGE\n  role \"\"\n  detail \"d\"",
    );
    check(
        r#"<makefault version="pox"><reason value="r"/></makefault>"#,
        "makefault Pox\n  code \"Server\"\n  reason \"r\"",
    );
    check(r#"<throwError type="T" errorMessage="{$ctx:m}"/>"#, "throwError T: {$ctx:m}");
    check("<builder/>", "builder");
}

#[test]
fn classes() {
    check(
        r#"<class name="org.wso2.carbon.apimgt.gateway.mediators.ClaimBasedResourceAccessValidationMediator">
             <property name="accessVerificationClaim" value="aut"/>
             <property name="accessVerificationClaimValue" value="USER"/>
             <property name="accessVerificationClaimValueRegex" value=""/>
             <property name="shouldAllowValidation" value="true"/>
           </class>"#,
        "class Claim { aut is USER, or is passed on }",
    );
    check(
        r#"<class name="org.wso2.carbon.apimgt.gateway.mediators.CrossSiteRequestForgeryValidationMediator"/>"#,
        "class Csrf { cookie: atbv }",
    );
}

#[test]
fn classes_take_their_limits_from_properties_before_them() {
    let text = r#"<property name="regex" value="drop"/><property name="enabledCheckBody" value="false"/>
        <class name="org.wso2.carbon.apimgt.gateway.mediators.RegularExpressionProtector"/>"#;
    let (sequence, found) = read(text);
    assert_eq!(shown(&found), Vec::<String>::new());
    let printed = sequence.map(|sequence| sequence.to_string()).unwrap_or_default();
    let last = printed.lines().last();
    assert_eq!(last, Some("class Injection { body: false, headers: true, path: true }"));
}

#[test]
fn our_own() {
    check(r#"<latency xmlns="urn:weir:mediation" milliseconds="250"/>"#, "latency '250' ms");
    check(
        r#"<w:latency xmlns:w="urn:weir:mediation" milliseconds="{$ctx:wait}"/>"#,
        "latency $ctx:wait ms",
    );
    let own = |text: &str| text.replacen(' ', " xmlns=\"urn:weir:mediation\" ", 1);
    for (text, printed) in [
        (r#"<latency milliseconds="20" maximum="80"/>"#, "latency from 20 ms to 80 ms"),
        (
            r#"<latency percentiles="50:20, 99.9:1000"/>"#,
            "latency 0 %: 0 ms, 50 %: 20 ms, 99.9 %: 1000 ms",
        ),
        (r#"<fail rate="2.5" status="500,503"/>"#, "fail 2.5 % with 500, 503"),
        (r#"<fail rate="5%" status="" message="no"/>"#, "fail 5 % with 503"),
    ] {
        check(&own(text), printed);
    }
    let rules = r#"[{'name':'eu','when':{'header':'X-Region','equals':'eu'},'url':'https://eu.example.com'}]"#;
    check(
        &dynamic_endpoint(rules, "eu.example.com"),
        "dynamicEndpoint\n  eu: header x-region equals \"eu\" → https://eu.example.com",
    );
}

fn dynamic_endpoint(rules: &str, allowed: &str) -> String {
    format!(
        "<dynamicEndpoint xmlns=\"urn:weir:mediation\"><rules>{rules}</rules><allow>{allowed}</allow>\
         <keepPath>true</keepPath></dynamicEndpoint>"
    )
}

#[test]
fn targets_go_to_hosts_that_are_allowed() {
    for (url, allowed, is_allowed) in [
        ("https://a.example.com/x", "", true),
        ("https://a.example.com:8443/x", "A.example.com", true),
        ("https://a.example.com/{uri.var.id}", r#"["b.example.com","*.example.com"]"#, true),
        ("https://example.com", "*.example.com", false),
        ("https://user@evil.com#a.example.com", "a.example.com", false),
        ("https://{header.X-Host}.example.com/x", "*.example.com", false),
        ("https://a.example.com{uri.var.id}", "a.example.com", false),
    ] {
        let rules = format!(r#"[{{"url":"{url}"}}]"#);
        let (sequence, found) = read(&dynamic_endpoint(&rules, allowed));
        assert_eq!(sequence.is_some(), is_allowed, "of {url}: {:?}", shown(&found));
    }
}

#[test]
fn steps_know_their_place() {
    let mut found = Vec::new();
    let context = Context { line_offset: 10, ..context(Flow::Request, true) };
    let sequence = parse("<log/>\n\n  <drop/>", &context, &mut found);
    let places = sequence.map(|it| it.steps.into_iter().map(|step| step.place).collect::<Vec<_>>());
    let places = places.unwrap_or_default();
    assert_eq!(places, ["policy a v1, line 11".into(), "policy a v1, line 13".into()]);
}

#[test]
fn files_may_have_a_prolog() {
    let mut found = Vec::new();
    let text = "<?xml version=\"1.0\"?>\n<sequence xmlns=\"http://ws.apache.org/ns/synapse\" name=\"x\" onError=\"fault\"><log/></sequence>";
    let sequence = parse_file(text, &context(Flow::Response, false), &mut found);
    assert_eq!(shown(&found), Vec::<String>::new());
    let printed = sequence.map(|it| it.to_string()).unwrap_or_default();
    assert_eq!(printed, "on error fault\nlog Simple as Info, separated by \", \"\n");
}

#[test]
fn well_formed() {
    for (text, expected) in [
        ("<a/><b/>", true),
        ("", true),
        ("<?xml version='1.0'?><a/>", true),
        ("<a b='&amp;'/>", true),
        ("<a b='&x'/>", false),
        ("<a>", false),
    ] {
        assert_eq!(is_well_formed(text), expected, "of {text}");
    }
}
