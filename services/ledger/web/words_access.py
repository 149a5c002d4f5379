"""The console's words for who may come in: duties, areas of keys, and what the log says of it."""

from typing import Final

from services.ledger.web.words import Word

DUTIES: Final = {
    "": Word("未分工", "none"),
    "maker": Word("经办", "maker"),
    "checker": Word("复核", "checker"),
    "administrator": Word("管理员", "administrator"),
}
SCOPES: Final = {
    "parties": Word("主体", "parties"),
    "orders": Word("合同与订单", "contracts and orders"),
    "receivables": Word("应收账款", "receivables"),
    "payments": Word("付款", "payments"),
    "arrears": Word("逾期与报表", "arrears and reports"),
    "financing": Word("融资", "financing"),
    "events": Word("事件与存证", "events and proof"),
    "intake": Word("文件导入", "files in"),
    "insight": Word("分析", "insight"),
    "webhooks": Word("推送", "webhooks"),
}
EVENTS: Final = {
    "user.added": Word("新增用户", "user added"),
    "user.password_set": Word("设置密码", "password set"),
    "user.changed": Word("用户变更", "user changed"),
    "user.appointed": Word("任命监管用户", "user appointed"),
    "user.appointment_ended": Word("提前终止任命", "appointment ended"),
    "api_key.appointed": Word("任命监管密钥", "key appointed"),
    "api_key.appointment_ended": Word("提前终止任命", "appointment ended"),
    "api_key.added": Word("新增密钥", "key made"),
    "api_key.rolled": Word("轮换密钥", "key rolled"),
    "api_key.revoked": Word("吊销密钥", "key revoked"),
    "sign_in.succeeded": Word("登录成功", "signed in", "good"),
    "sign_in.failed": Word("登录失败", "sign-in failed", "warn"),
    "sign_in.held": Word("暂停尝试", "has to wait", "bad"),
    "sign_in.ended": Word("登录结束", "signed out"),
}
