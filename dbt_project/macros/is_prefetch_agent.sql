{#
    True for a reader that opens or follows links without a person. Source: Apple Mail Privacy
    Protection sends the bare `Mozilla/5.0`; the rest name themselves. Image proxies of webmail are
    not here: they fetch because somebody opened, or not, and stay unknown.
#}
{% macro is_prefetch_agent(user_agent) -%}
    (
        {{ user_agent }} = 'Mozilla/5.0'
        {%- for word in [
            'bot', 'crawler', 'spider', 'barracuda', 'mimecast', 'proofpoint', 'safelinks',
            'headlesschrome', 'python-requests', 'go-http-client', 'curl/', 'prefetch', 'scanner'
        ] %}
        or lower({{ user_agent }}) like '%{{ word }}%'
        {%- endfor %}
    )
{%- endmacro %}

{# True for a webmail's image proxy, which hides who opened. #}
{% macro is_image_proxy(user_agent) -%}
    (
        {{ user_agent }} like '%GoogleImageProxy%'
        or {{ user_agent }} like '%YahooMailProxy%'
    )
{%- endmacro %}
