"""The staff's pages: the desk and its cases."""

from django.urls import path

from offramps.views import approvals, board, case, credit, deals, desk

app_name = "offramps"

urlpatterns = [
    path("desk/", desk.desk, name="desk"),
    path("desk/queue/", desk.queue, name="desk_queue"),
    path("desk/presence/", desk.presence, name="desk_presence"),
    path("desk/test/", desk.test, name="desk_test"),
    path("desk/calls/<slug:public_id>/acceptance/", desk.accept, name="call_accept"),
    path("desk/calls/<slug:public_id>/refusal/", desk.decline, name="call_decline"),
    path("desk/calls/<slug:public_id>/talking/", desk.talking, name="call_talking"),
    path("desk/board/", board.board, name="board"),
    path("desk/board/cases/<slug:public_id>/taker/", board.reassign, name="board_reassign"),
    path("desk/board/pools/<slug:public_id>/", board.switch_pool, name="board_pool"),
    path("desk/credit/", credit.credit, name="credit"),
    path("desk/credit/entries.csv", credit.file, name="credit_file"),
    path("desk/cases/<slug:public_id>/", case.case, name="case"),
    path("desk/cases/<slug:public_id>/outcome/", case.close, name="case_close"),
    path("desk/cases/<slug:public_id>/taking/", case.take, name="case_taking"),
    path("desk/cases/<slug:public_id>/notes/", case.note, name="case_note"),
    path("desk/cases/<slug:public_id>/step/", case.step, name="case_step"),
    path("desk/cases/<slug:public_id>/return/", case.hand_back, name="case_return"),
    path("desk/cases/<slug:public_id>/deal/", deals.build, name="deal_build"),
    path("desk/customers/", deals.customers, name="deal_customers"),
    path("desk/deals/<slug:public_id>/", deals.deal, name="deal"),
    path("desk/deals/<slug:public_id>/acts/", deals.act, name="deal_act"),
    path("desk/deals/<slug:public_id>/decision/", approvals.decide, name="deal_decide"),
    path("desk/approvals/", approvals.approvals, name="approvals"),
    path("desk/budgets/", approvals.budgets, name="budgets"),
]
